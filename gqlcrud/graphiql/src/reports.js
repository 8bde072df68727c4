// What answers tell of themselves, kept for each tab, and what the next requests ask for; components hear of changes.

import { useSyncExternalStore } from 'react'

const REPORT_VERSION = 1

export function createReports() {
  // tab: the id of the one that is shown. byTab: id -> { request, report, cost, failures } of its last answer.
  let state = { tab: null, byTab: {}, explain: false, cost: false }
  const listeners = new Set()

  function change(part) {
    state = { ...state, ...part }
    for (const listener of listeners) listener()
  }

  const subscribe = (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    current: () => state,
    use: () => useSyncExternalStore(subscribe, () => state),
    ask: (wishes) => change(wishes),
    show: (tab) => tab !== state.tab && change({ tab }),

    forget: (tab) => change({ byTab: { ...state.byTab, [tab]: undefined } }),

    // Keeps the report of an answer for the tab; gives the answer without it.
    take(tab, request, answer) {
      const { gqlcrud, ...others } = answer.extensions ?? {}
      const report = gqlcrud?.version === REPORT_VERSION ? gqlcrud : null
      const failures = (answer.errors ?? []).filter((error) => error.extensions?.debug)
      change({ byTab: { ...state.byTab, [tab]: { request, report, cost: gqlcrud?.cost, failures } } })
      if (gqlcrud === undefined) return answer
      const { extensions: _, ...shown } = answer
      return Object.keys(others).length > 0 ? { ...shown, extensions: others } : shown
    },
  }
}
