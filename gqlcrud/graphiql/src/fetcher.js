// From an operation in the editor to the JSON answer of the endpoint, or to an error that shows what came instead.

export function createFetcher(endpoint) {
  return async (operation, options) => {
    const headers = new Headers({
      Accept: 'application/graphql-response+json, application/json',
      'Content-Type': 'application/json',
    })
    for (const [name, value] of Object.entries(options?.headers ?? {})) headers.set(name, value)

    const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(operation) })
    const text = await response.text()
    try {
      return JSON.parse(text)
    } catch {
      return { errors: [{ message: `HTTP ${response.status} without JSON: ${text.slice(0, 1000)}` }] }
    }
  }
}
