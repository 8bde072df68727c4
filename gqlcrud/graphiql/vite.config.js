import { defineConfig } from 'vite'
import { thirdPartyLicenses } from './licenses.js'

const licenses = thirdPartyLicenses()

export default defineConfig({
  // Chunks, workers and fonts are found relative to the script that asks for them, so any path prefix works.
  base: './',
  plugins: [licenses.collect(), licenses.emit('THIRD_PARTY_LICENSES.txt')],
  worker: { format: 'es', plugins: () => [licenses.collect()] },
  // setup-workers reports each worker it starts to the console.
  esbuild: { jsx: 'automatic', pure: ['console.info'] },
  build: {
    outDir: 'static',
    assetsDir: '',
    manifest: 'manifest.json',
    rollupOptions: { input: 'src/main.jsx' },
    chunkSizeWarningLimit: 5000,
  },
})
