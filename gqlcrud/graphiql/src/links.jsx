// An operation in the address of the page: read when it is opened, written when a link is copied, never otherwise.

import { ToolbarButton, useGraphiQL } from '@graphiql/react'
import { useState } from 'react'
import { copy } from './copying.jsx'

// ?query=...&variables=... or the same after #, which is not sent to the server.
export function linkedOperation({ search, hash }) {
  const given = new URLSearchParams(`${search.slice(1)}&${hash.slice(1)}`)
  return { query: given.get('query') || undefined, variables: given.get('variables') || undefined }
}

export function linkTo(page, { query, variables }) {
  const said = Object.entries({ query, variables }).filter(([, text]) => text?.trim())
  return `${page}#${said.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&')}`
}

export function CopyLinkButton() {
  const [copied, setCopied] = useState(false)
  const queryEditor = useGraphiQL((state) => state.queryEditor)
  const variableEditor = useGraphiQL((state) => state.variableEditor)
  const click = async () => {
    const shown = { query: queryEditor.getValue(), variables: variableEditor?.getValue() }
    const link = linkTo(location.origin + location.pathname, shown)
    history.replaceState(null, '', link)
    await copy(link)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <ToolbarButton label={copied ? 'Link copied' : 'Copy a link to this operation'} onClick={click}>
      <LinkIcon />
    </ToolbarButton>
  )
}

function LinkIcon() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <path strokeWidth="1.5" strokeLinecap="round" d="M6.5 9.5a3 3 0 0 0 4.2 0l2.4-2.4a3 3 0 0 0-4.2-4.2l-1.2 1.2" />
      <path strokeWidth="1.5" strokeLinecap="round" d="M9.5 6.5a3 3 0 0 0-4.2 0L2.9 8.9a3 3 0 0 0 4.2 4.2l1.2-1.2" />
    </svg>
  )
}
