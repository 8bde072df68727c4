// The tree of a plan: fields, below each the statements that read or write for it; then those that are for no field.

import { useState } from 'react'
import { count } from './sections.jsx'
import { Statement } from './statement.jsx'

const FEW = 4

export function Plan({ report }) {
  const { plan, statements } = report
  const [open, setOpen] = useState(null)
  const first = places(plan)
  const others = statements.filter(({ index }) => !first.has(index))
  const isOpen = open ?? statements.length <= FEW
  const show = (index) => (
    <Statement key={`${index}-${isOpen}`} statement={statements[index]} total={report.milliseconds.total} open={isOpen} />
  )
  return (
    <section className="gqlcrud-section">
      <header>
        <h3>Plan</h3>
        {statements.length > 0 && (
          <button type="button" className="graphiql-button gqlcrud-button" onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Close all' : 'Open all'}
          </button>
        )}
      </header>
      <ul className="gqlcrud-tree">
        {plan.map((node, place) => (
          <Field key={place} {...{ node, first, show }} />
        ))}
      </ul>
      {statements.length === 0 && <p className="gqlcrud-note">No statement was run.</p>}
      {others.length > 0 && <h4>{plan.length > 0 ? 'For no field of the plan' : 'Statements'}</h4>}
      {others.map(({ index }) => show(index))}
    </section>
  )
}

function Field({ node, first, show }) {
  return (
    <li>
      <p className="gqlcrud-field">
        <b>{node.path.at(-1)}</b> <span className="gqlcrud-note">{described(node)}</span>
      </p>
      {node.statements.map((index) =>
        first.get(index) === node ? (
          show(index)
        ) : (
          <p key={index} className="gqlcrud-note">
            statement #{index + 1}, which is shown above
          </p>
        ),
      )}
      {node.children.length > 0 && (
        <ul className="gqlcrud-tree">
          {node.children.map((child, place) => (
            <Field key={place} node={child} {...{ first, show }} />
          ))}
        </ul>
      )}
    </li>
  )
}

function described({ kind, model, filtered, order, limit, rows, statements, columns }) {
  const said = [[kind, model].filter(Boolean).join(' of ')]
  if (filtered) said.push('filtered')
  if (order.length > 0) said.push(`by ${order.join(', ')}`)
  if (limit !== null) said.push(`limit ${limit.toLocaleString('en')}`)
  if (kind !== 'write' && rows !== null) said.push(`at most ${count(rows, 'row')}`)
  if (columns.length > 0) said.push(columns.join(', '))
  if (kind === 'record' && statements.length === 0) said.push('read with the record above')
  return said.join(' · ')
}

// Each statement's index -> the first field of the plan, from the top, that has it.
function places(plan, found = new Map()) {
  for (const node of plan) {
    for (const index of node.statements) if (!found.has(index)) found.set(index, node)
    places(node.children, found)
  }
  return found
}
