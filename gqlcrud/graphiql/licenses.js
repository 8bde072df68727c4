// From the modules that reach the bundle to one text file with the licence of every package they come from.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//
const LICENSE_FILE = /^(licen[cs]e|copying|notice|thirdpartynotices)/i

export function thirdPartyLicenses() {
  const folders = new Set()

  return {
    // Workers are bundles of their own, so they need a collector each; a collector runs before `emit` writes.
    collect: () => ({
      name: 'collect-licenses',
      moduleParsed({ id }) {
        const folder = PACKAGE.exec(id.replace(/^\0/, ''))?.[1]
        if (folder) folders.add(folder)
      },
    }),
    emit: (fileName) => ({
      name: 'emit-licenses',
      generateBundle() {
        const sections = new Map([...folders].map(describe))
        const packages = [...sections.keys()].sort().map((heading) => sections.get(heading))
        const fonts = readFileSync('fonts.txt', 'utf8').trim()
        this.emitFile({ type: 'asset', fileName, source: [fonts, ...packages, ''].join('\n\n') })
      },
    }),
  }
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder)
    .filter((file) => LICENSE_FILE.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  const heading = `${name} ${version} (${license ?? 'see text'})`
  return [heading, [heading, '='.repeat(heading.length), ...texts].join('\n\n')]
}
