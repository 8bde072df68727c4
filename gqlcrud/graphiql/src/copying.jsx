// A button that copies a text, and says so.

import { useState } from 'react'

export function CopyButton({ text, children }) {
  const [copied, setCopied] = useState(false)
  const click = async () => {
    await copy(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button type="button" className="graphiql-button gqlcrud-button" onClick={click}>
      <span aria-live="polite">{copied ? 'Copied' : children}</span>
    </button>
  )
}

// Pages that come over plain HTTP from another machine have no clipboard of their own.
export async function copy(text) {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
