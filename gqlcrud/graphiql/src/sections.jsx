// The parts of a report that are not its statements: in short, warnings, failures, times, caches, cost.

export const count = (number, noun) => `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
export const milliseconds = (number) => `${number.toLocaleString('en', { maximumFractionDigits: 2 })} ms`

export function Summary({ report }) {
  const { name, type } = report.operation
  return (
    <p className="gqlcrud-summary">
      {[type, name].filter(Boolean).join(' ') || 'operation'}: <b>{count(report.statements.length, 'statement')}</b>,{' '}
      {count(report.rows, 'row')}, {milliseconds(report.milliseconds.total)}
      {report.outcome !== 'ok' && <span className="gqlcrud-outcome"> {report.outcome}</span>}
      {report.requestId && <span className="gqlcrud-note"> Request {report.requestId}</span>}
    </p>
  )
}

export function Warnings({ warnings }) {
  if (warnings.length === 0) return null
  return (
    <div className="gqlcrud-warnings" role="status">
      <ul aria-label="Warnings">
        {warnings.map((warning, index) => (
          <li key={index}>
            <b>{warning.code}</b> {warning.message} <Numbers indexes={warning.statements} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function Numbers({ indexes }) {
  return (
    <span className="gqlcrud-note">
      {indexes.map((index) => (
        <button type="button" className="gqlcrud-link" key={index} onClick={() => openStatement(index)}>
          #{index + 1}
        </button>
      ))}
    </span>
  )
}

function openStatement(index) {
  const statement = document.getElementById(`gqlcrud-statement-${index}`)
  if (statement === null) return
  statement.open = true
  statement.scrollIntoView({ block: 'nearest' })
  statement.querySelector('summary').focus()
}

export function Failures({ failures }) {
  return failures.map(({ message, extensions: { debug } }, index) => (
    <details className="gqlcrud-failure" key={index}>
      <summary>
        {message} <b>{debug.exception}</b>
      </summary>
      <pre>{[debug.message, ...debug.traceback].join('\n')}</pre>
    </details>
  ))
}

export function Phases({ milliseconds: { total, ...parts } }) {
  const told = Object.entries(parts).filter(([, time]) => time !== null)
  return (
    <Section title="Time">
      <table>
        <tbody>
          {told.map(([phase, time]) => (
            <tr key={phase}>
              <th scope="row">{phase}</th>
              <td>{milliseconds(time)}</td>
              <td className="gqlcrud-wide">
                <Bar start={0} end={time / total} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

export function Caches({ caches }) {
  const { document, direct, plans, statements } = caches
  return (
    <Section title="Kept from before">
      <table>
        <tbody>
          <Row name="document" value={document ? 'known' : 'new'} />
          <Row name="answered" value={direct ? 'without graphql-core' : 'by graphql-core'} />
          <Row name="plans" value={`${plans.kept} kept, ${plans.made} made`} />
          <Row name="statements" value={`${statements.kept} kept, ${statements.made} made`} />
        </tbody>
      </table>
    </Section>
  )
}

export function Cost({ cost }) {
  return (
    <Section title="Cost">
      <table>
        <tbody>
          {Object.entries(cost).map(([name, { used, limit }]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {used?.toLocaleString('en') ?? '?'} of {limit?.toLocaleString('en') ?? 'any'}
              </td>
              <td className="gqlcrud-wide">{limit > 0 && <Bar start={0} end={Math.min(1, used / limit)} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}

// A bar from one part of the whole to another, both between 0 and 1.
export function Bar({ start, end }) {
  const percent = (part) => `${(100 * part).toFixed(2)}%`
  return (
    <span className="gqlcrud-bar" aria-hidden="true">
      {end > start && <span style={{ marginLeft: percent(start), width: percent(end - start) }} />}
    </span>
  )
}

function Section({ title, children }) {
  return (
    <section className="gqlcrud-section">
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Row({ name, value }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{value}</td>
    </tr>
  )
}
