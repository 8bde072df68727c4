// Lets the editors follow the system from light to dark while the page is open, as all else does by its style sheets.

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { useEffect } from 'react'

export function FollowScheme() {
  const theme = useGraphiQL((state) => state.theme)
  const { setTheme } = useGraphiQLActions()
  useEffect(() => {
    if (theme !== null) return
    const system = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => setTheme(null)
    system.addEventListener('change', follow)
    return () => system.removeEventListener('change', follow)
  }, [theme, setTheme])
  return null
}
