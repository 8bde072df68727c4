// From the configuration in the page to a running GraphiQL that talks to one endpoint.

import 'graphiql/setup-workers/vite'
import { explorerPlugin } from '@graphiql/plugin-explorer'
import { HISTORY_PLUGIN } from '@graphiql/plugin-history'
import { GraphiQL } from 'graphiql'
import { createRoot } from 'react-dom/client'
import { createFetcher } from './fetcher.js'
import 'graphiql/style.css'
import '@graphiql/plugin-explorer/style.css'
import './page.css'

const { title, endpoint, defaultQuery } = JSON.parse(document.getElementById('gqlcrud-config').textContent)

// A link may carry an operation: ?query=...&variables=... or the same after #.
const linked = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`)

createRoot(document.getElementById('gqlcrud-graphiql')).render(
  <GraphiQL
    fetcher={createFetcher(endpoint || location.pathname)}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    defaultQuery={defaultQuery || undefined}
    initialQuery={linked.get('query') || undefined}
    initialVariables={linked.get('variables') || undefined}
  >
    <GraphiQL.Logo>{title}</GraphiQL.Logo>
  </GraphiQL>,
)
