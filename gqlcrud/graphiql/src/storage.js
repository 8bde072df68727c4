// The part of the browser's storage that belongs to one API: others at the same host keep their own tabs and history.

export function storageFor(api) {
  const prefix = `${api}:`
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix))
  return {
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => localStorage.setItem(prefix + key, value),
    removeItem: (key) => localStorage.removeItem(prefix + key),
    get length() {
      return keys().length
    },
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  }
}
