// One statement: its text, its values, what it took, and how the database runs it.

import { useState } from 'react'
import { CopyButton } from './copying.jsx'
import { Bar, count, milliseconds } from './sections.jsx'
import { formatted } from './sql.js'

// Tables gone through row by row: of PostgreSQL, and of SQLite, where no index is used.
const SCANS = /^(Parallel )?Seq Scan|^SCAN (?!CONSTANT)(?!.*\bUSING\b)/

export function Statement({ statement, total, open }) {
  const { index, model, part, rows, milliseconds: time, started, error } = statement
  // What is closed is not made: a resolver may run a thousand statements.
  const [isOpen, setOpen] = useState(open)
  return (
    <details
      className="gqlcrud-statement"
      id={`gqlcrud-statement-${index}`}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        #{index + 1} {model === null ? part : `${part} of ${model}`}: {rows !== null && `${count(rows, 'row')}, `}
        {milliseconds(time)}
        {error && <b className="gqlcrud-outcome"> {error}</b>}
        <Bar start={started / total} end={Math.min(1, (started + time) / total)} />
      </summary>
      {isOpen && <Details statement={statement} />}
    </details>
  )
}

function Details({ statement }) {
  const pieces = formatted(statement.sql)
  return (
    <>
      <pre className="gqlcrud-sql">
        <code>
          {pieces.map(({ kind, text }, place) => (
            <span key={place} className={`gqlcrud-${kind}`}>
              {text}
            </span>
          ))}
        </code>
      </pre>
      <Values statement={statement} />
      <p className="gqlcrud-note">{described(statement)}</p>
      <CopyButton text={pieces.map((piece) => piece.text).join('')}>Copy SQL</CopyButton>
      {statement.explain !== null && (
        <>
          <h4>EXPLAIN</h4>
          <Steps steps={statement.explain} />
        </>
      )}
    </>
  )
}

function Values({ statement: { parameters, parameterSets } }) {
  const values = Object.entries(parameters ?? {})
  if (values.length === 0) return null
  return (
    <>
      {parameterSets > 1 && <p className="gqlcrud-note">The first of {count(parameterSets, 'set')} of values:</p>}
      <ol className="gqlcrud-values" aria-label="Values">
        {values.map(([name, value]) => (
          <li key={name}>
            {!Array.isArray(parameters) && `${name} = `}
            <code>{JSON.stringify(value)}</code>
          </li>
        ))}
      </ol>
    </>
  )
}

function described({ paths, kept, driver }) {
  const said = [kept ? 'built before' : 'built for this run', driver ? 'run by the driver' : 'run by SQLAlchemy']
  if (paths.length > 0) said.unshift(`for ${paths.map((path) => path.join('.')).join(', ')}`)
  return said.join(' · ')
}

function Steps({ steps }) {
  return (
    <ul className="gqlcrud-tree">
      {steps.map((step, index) => (
        <li key={index}>
          <span className={SCANS.test(step.label) ? 'gqlcrud-scan' : undefined}>{step.label}</span>
          <span className="gqlcrud-note">
            {step.rows !== null && ` ${count(step.rows, 'row')}`}
            {step.cost !== null && `, cost ${step.cost.toLocaleString('en')}`}
          </span>
          {step.condition && <code className="gqlcrud-condition">{step.condition}</code>}
          {step.children.length > 0 && <Steps steps={step.children} />}
        </li>
      ))}
    </ul>
  )
}
