// From an operation in the editor to the JSON answers of the endpoint, or to an error that shows what came instead.

import { getOperationAST } from 'graphql'
import { readEvents } from './events.js'

const JSON_TYPES = 'application/graphql-response+json, application/json'

export function createFetcher(endpoint, reports) {
  return async (operation, options) => {
    if (operation.operationName === 'IntrospectionQuery') return read(await send(endpoint, operation, options?.headers))
    const { tab, explain, cost } = reports.current()
    const request = { operation, headers: options?.headers }
    reports.forget(tab)
    const subscribes = isSubscription(options?.documentAST, operation.operationName)
    const response = await send(endpoint, asking(operation, { explain, cost }), request.headers, subscribes)
    if (isEventStream(response)) return readEvents(response.body)
    return reports.take(tab, request, await read(response))
  }
}

// Asks once more how the database runs what a tab has asked, which reads alone, and keeps what it tells.
export async function explain(endpoint, reports, tab) {
  const { request } = reports.current().byTab[tab]
  const response = await send(endpoint, asking(request.operation, { explain: true }), request.headers)
  reports.take(tab, request, await read(response))
}

function asking(operation, wishes) {
  const asked = Object.entries(wishes).filter(([, wished]) => wished)
  return asked.length > 0 ? { ...operation, extensions: { gqlcrud: Object.fromEntries(asked) } } : operation
}

function send(endpoint, operation, given, subscribes = false) {
  const headers = new Headers({
    Accept: subscribes ? `text/event-stream, ${JSON_TYPES}` : JSON_TYPES,
    'Content-Type': 'application/json',
  })
  for (const [name, value] of Object.entries(given ?? {})) headers.set(name, value)
  return fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(operation) })
}

async function read(response) {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    return { errors: [{ message: `HTTP ${response.status} without JSON: ${text.slice(0, 1000)}` }] }
  }
}

function isSubscription(document, name) {
  return document != null && getOperationAST(document, name)?.operation === 'subscription'
}

function isEventStream(response) {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
}
