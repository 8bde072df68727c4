// The part of the browser's storage that belongs to one API: others at the same host keep their own tabs and history.

const HISTORIES = new Set(['graphiql:queries', 'graphiql:favorites'])
const PERSISTS_HEADERS = 'graphiql:shouldPersistHeaders'

export function storageFor(api) {
  const prefix = `${api}:`
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix))
  const getItem = (key) => localStorage.getItem(prefix + key)
  return {
    getItem,
    setItem(key, value) {
      // Headers hold secrets. GraphiQL leaves them out of its tabs unless it is told otherwise, yet not of its history.
      const keepsAll = !HISTORIES.has(key) || getItem(PERSISTS_HEADERS) === 'true'
      localStorage.setItem(prefix + key, keepsAll ? value : withoutHeaders(value))
    },
    removeItem: (key) => localStorage.removeItem(prefix + key),
    get length() {
      return keys().length
    },
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  }
}

function withoutHeaders(json) {
  return JSON.stringify(JSON.parse(json), (name, value) => (name === 'headers' ? undefined : value))
}
