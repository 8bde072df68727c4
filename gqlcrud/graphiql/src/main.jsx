// From the configuration in the page to a running GraphiQL that talks to one endpoint.

import 'graphiql/setup-workers/vite'
import { explorerPlugin } from '@graphiql/plugin-explorer'
import { HISTORY_PLUGIN } from '@graphiql/plugin-history'
import { GraphiQL } from 'graphiql'
import { createRoot } from 'react-dom/client'
import { examplesPlugin } from './examples.jsx'
import { createFetcher } from './fetcher.js'
import { CopyLinkButton, linkedOperation } from './links.jsx'
import { FollowTab, sqlPlugin } from './panel.jsx'
import { createReports } from './reports.js'
import { FollowScheme } from './scheme.jsx'
import { storageFor } from './storage.js'
import 'graphiql/style.css'
import '@graphiql/plugin-explorer/style.css'
import './page.css'
import './panel.css'

const { title, endpoint, examples } = JSON.parse(document.getElementById('gqlcrud-config').textContent)

const url = endpoint || location.pathname
const linked = linkedOperation(location)
const reports = createReports()
const plugins = [HISTORY_PLUGIN, explorerPlugin(), sqlPlugin(url, reports)]
if (examples.length > 0) plugins.push(examplesPlugin(examples))

// A link that is pasted into the address of an open page opens like any other.
addEventListener('hashchange', () => location.reload())

createRoot(document.getElementById('gqlcrud-graphiql')).render(
  <GraphiQL
    fetcher={createFetcher(url, reports)}
    plugins={plugins}
    storage={storageFor(`gqlcrud:${location.pathname}:${title}`)}
    defaultQuery={examples[0]?.query}
    initialQuery={linked.query}
    initialVariables={linked.variables}
  >
    <GraphiQL.Logo>{title}</GraphiQL.Logo>
    <GraphiQL.Toolbar>
      {({ prettify, merge, copy }) => (
        <>
          {prettify}
          {merge}
          {copy}
          <CopyLinkButton />
        </>
      )}
    </GraphiQL.Toolbar>
    <FollowTab reports={reports} />
    <FollowScheme />
  </GraphiQL>,
)
