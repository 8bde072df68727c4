// A plugin: what an answer tells of its statements and its plan, beside it; or why it tells nothing.

import { useGraphiQL } from '@graphiql/react'
import { useEffect, useState } from 'react'
import { explain } from './fetcher.js'
import { Plan } from './plan.jsx'
import { Caches, Cost, Failures, Phases, Summary, Warnings } from './sections.jsx'

export function sqlPlugin(endpoint, reports) {
  return { title: 'SQL', icon: SqlIcon, content: () => <Panel endpoint={endpoint} reports={reports} /> }
}

// Tells the reports which tab is shown, also while the panel is not.
export function FollowTab({ reports }) {
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id ?? null)
  useEffect(() => {
    reports.show(tab)
  }, [reports, tab])
  return null
}

function Panel({ endpoint, reports }) {
  const { tab, byTab, explain: explains, cost: costs } = reports.use()
  const { request, report, cost, failures } = byTab[tab] ?? {}
  return (
    <section className="gqlcrud-panel" aria-label="SQL">
      <h2>SQL</h2>
      {request === undefined && <p>Run an operation to see the statements behind its answer.</p>}
      {request !== undefined && !report && <DebugOff costs={costs} reports={reports} />}
      {report && <Explaining {...{ endpoint, reports, tab, report, explains }} />}
      {report && <Report report={report} failures={failures} />}
      {request !== undefined && !report && cost && <Cost cost={cost} />}
    </section>
  )
}

function DebugOff({ costs, reports }) {
  return (
    <>
      <p>
        This answer tells nothing of its statements: the API does not debug. While you develop, write{' '}
        <code>Api(..., debug=True)</code> or <code>gqlcrud serve --debug</code>. Leave it off where others reach the API.
      </p>
      <label className="gqlcrud-option">
        <input type="checkbox" checked={costs} onChange={(event) => reports.ask({ cost: event.target.checked })} />
        Ask what each run costs, beside the limits
      </label>
    </>
  )
}

function Explaining({ endpoint, reports, tab, report, explains }) {
  const [asking, setAsking] = useState(false)
  const [failure, setFailure] = useState(null)
  const canAsk = report.statements.length > 0 && report.statements.every((statement) => statement.explain === null)
  const ask = async () => {
    setAsking(true)
    setFailure(null)
    try {
      await explain(endpoint, reports, tab)
    } catch (error) {
      setFailure(String(error))
    }
    setAsking(false)
  }
  return (
    <div className="gqlcrud-explaining">
      <label className="gqlcrud-option">
        <input type="checkbox" checked={explains} onChange={(event) => reports.ask({ explain: event.target.checked })} />
        EXPLAIN with each run
      </label>
      {report.operation.type === 'query' && canAsk && (
        <button type="button" className="graphiql-button gqlcrud-button" onClick={ask} disabled={asking}>
          Explain this query
        </button>
      )}
      {failure !== null && (
        <p className="gqlcrud-outcome" role="alert">
          {failure}
        </p>
      )}
      {report.operation.type === 'mutation' && canAsk && (
        <p className="gqlcrud-note">A mutation is never run again to explain it: tick this, then run it.</p>
      )}
    </div>
  )
}

function Report({ report, failures }) {
  return (
    <>
      <Summary report={report} />
      <Warnings warnings={report.warnings} />
      <Failures failures={failures} />
      <Plan report={report} />
      <Phases milliseconds={report.milliseconds} />
      <Caches caches={report.caches} />
      {report.cost && <Cost cost={report.cost} />}
    </>
  )
}

function SqlIcon(props) {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <ellipse cx="10" cy="4.5" rx="7" ry="2.75" />
      <path d="M3 4.5v11c0 1.5 3.1 2.75 7 2.75s7-1.25 7-2.75v-11" />
      <path d="M3 10c0 1.5 3.1 2.75 7 2.75s7-1.25 7-2.75" />
    </svg>
  )
}
