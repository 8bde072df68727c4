// A plugin: queries made from the schema, each opened in a tab of its own.

import { StarIcon, useGraphiQL, useGraphiQLActions } from '@graphiql/react'

export function examplesPlugin(examples) {
  return { title: 'Examples', icon: StarIcon, content: () => <Examples examples={examples} /> }
}

function Examples({ examples }) {
  const { addTab } = useGraphiQLActions()
  const queryEditor = useGraphiQL((state) => state.queryEditor)
  const variableEditor = useGraphiQL((state) => state.variableEditor)
  const open = ({ query, variables }) => {
    addTab()
    queryEditor.setValue(query)
    variableEditor?.setValue(variables)
    queryEditor.focus()
  }
  return (
    <section className="gqlcrud-panel" aria-label="Examples">
      <h2>Examples</h2>
      <p>Queries that run as they are. Each opens in a new tab.</p>
      <ul className="gqlcrud-examples">
        {examples.map((example) => (
          <li key={example.title}>
            <button type="button" className="graphiql-button gqlcrud-button" onClick={() => open(example)}>
              {example.title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
