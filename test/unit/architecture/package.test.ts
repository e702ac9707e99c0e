import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { ROOT } from '../../support/root'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly type?: string
  readonly files: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly 'node-red': {
    readonly version: string
    readonly nodes: Readonly<Record<string, string>>
    readonly plugins: Readonly<Record<string, string>>
  }
}

const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest
const nodeNames = Object.keys(manifest['node-red'].nodes)
const LANGUAGES = ['en-US', 'zh-CN']
const RUNTIME_DEPENDENCIES_MAX = 6

describe('the package', () => {
  it('is named, licensed and bounded as the contract says', () => {
    assert.equal(manifest.name, '@ha-pair/node-red-ha-pair')
    assert.equal(manifest.license, 'Apache-2.0')
    assert.equal(manifest.type, undefined, 'Node-RED 4.1 loads with require: CommonJS')
    assert.equal(manifest.engines.node, '>=20')
    assert.equal(manifest['node-red'].version, '>=4.0.0')
    assert.equal(manifest.scripts['prepare'], 'node scripts/build.mjs')
    assert.ok(Object.keys(manifest.dependencies ?? {}).length <= RUNTIME_DEPENDENCIES_MAX)
  })

  it('has the nodes of the contract', () => {
    const names = [
      'ha-pair',
      'ha-pair-state',
      'ha-pair-designate',
      'ha-pair-gate',
      'ha-pair-health',
      'ha-pair-sync',
      'ha-pair-witness'
    ]
    for (const name of names) assert.equal(manifest['node-red'].nodes[name], `dist/nodes/${name}.js`)
  })

  it('ships what it needs', () => {
    for (const path of manifest.files.filter((entry) => !entry.startsWith('!'))) {
      assert.ok(existsSync(join(ROOT, path)), `"files" names ${path}, which does not exist`)
    }
    for (const path of ['LICENSE', 'README.md', 'package.json']) assert.ok(existsSync(join(ROOT, path)), path)
    for (const covered of ['dist/nodes', 'dist/context', 'dist/src', 'examples'])
      assert.ok(manifest.files.includes(covered), covered)
    assert.match(read('LICENSE'), /Apache License\s+Version 2\.0/)
    assert.match(read('CHANGELOG.md'), new RegExp(`## \\[(Unreleased|${manifest.version})\\]`))
  })

  it('names the tools of every platform in its lock files: without them `npm ci` refuses', () => {
    for (const folder of ['.', 'test/matrix/node-red-5']) {
      const { packages } = JSON.parse(read(folder, 'package-lock.json')) as {
        packages: Record<string, { optionalDependencies?: Record<string, string> }>
      }
      const pinned = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
        Object.entries(optionalDependencies).filter(([, version]) => /^\d/.test(version))
      )
      assert.ok(pinned.length > 0, folder)
      const missing = pinned.map(([name]) => name).filter((name) => packages[`node_modules/${name}`] === undefined)
      assert.deepEqual(missing, [], folder)
    }
  })

  it('records no download addresses in its lock files, which agree with the manifests', () => {
    for (const folder of ['.', 'test/matrix/node-red-5', 'test/matrix/examples']) {
      const lock = read(folder, 'package-lock.json')
      assert.doesNotMatch(lock, /"resolved"\s*:\s*"https?:|\.tgz"/, folder)
      const own = JSON.parse(read(folder, 'package.json')) as Manifest & { devDependencies?: object }
      const root = (JSON.parse(lock) as { packages: Record<string, Manifest & { devDependencies?: object }> }).packages[
        ''
      ]
      assert.equal(root?.version, own.version, folder)
      assert.deepEqual(root.dependencies ?? {}, own.dependencies ?? {}, folder)
      assert.deepEqual(root.devDependencies ?? {}, own.devDependencies ?? {}, folder)
      assert.match(read(folder, '.npmrc'), /^omit-lockfile-registry-resolved=true$/m, folder)
    }
  })
})

describe('beside each compiled node', () => {
  for (const name of nodeNames) {
    it(`${name}: code, editor page, help and texts in ${LANGUAGES.join(' and ')}`, () => {
      const folder = join(ROOT, 'dist', 'nodes')
      assert.ok(statSync(join(folder, `${name}.js`)).size > 0)
      assert.match(readFileSync(join(folder, `${name}.html`), 'utf8'), new RegExp(`registerType\\(\\s*['"]${name}['"]`))
      for (const language of LANGUAGES) {
        const help = readFileSync(join(folder, 'locales', language, `${name}.html`), 'utf8')
        assert.match(help, new RegExp(`data-help-name=["']${name}["']`), `${language} help of ${name}`)
        const texts: unknown = JSON.parse(readFileSync(join(folder, 'locales', language, `${name}.json`), 'utf8'))
        assert.ok(Object.keys(texts as object).length > 0, `${language} texts of ${name}`)
      }
    })
  }

  it('the sidebar: code, page and texts', () => {
    const { plugins } = manifest['node-red']
    assert.deepEqual(plugins, { 'ha-pair-sidebar': 'dist/nodes/ha-pair-sidebar.js' })
    for (const file of ['ha-pair-sidebar.js', 'ha-pair-sidebar.html']) assert.ok(read('dist', 'nodes', file).length > 0)
    for (const language of LANGUAGES) JSON.parse(read('dist', 'nodes', 'locales', language, 'ha-pair-sidebar.json'))
    assert.match(read('dist', 'nodes', 'ha-pair-sidebar.html'), /registerPlugin\(\s*['"]ha-pair-sidebar['"]/)
  })

  for (const name of [...nodeNames, 'ha-pair-sidebar']) {
    it(`${name}: a page that has all of its code in it, and asks for no other file`, () => {
      const page = read('dist', 'nodes', `${name}.html`)
      const scripts = [...page.matchAll(/<script type="text\/javascript">([^]*?)<\/script>/g)].map(([, code]) => code)
      assert.equal(scripts.length, 1)
      assert.doesNotThrow(() => new Script(scripts[0] ?? ''))
      assert.doesNotMatch(scripts[0] ?? '', /\brequire\(|\bimport\(/)
      assert.doesNotMatch(page, /<script[^>]*\ssrc=|<link/)
      const source = read('nodes', `${name}.html`)
      assert.doesNotMatch(source, /=>|\bthis\b/, 'code belongs into editor/')
    })
  }

  for (const name of nodeNames) {
    it(`${name}: registered in words that can be read without running them`, () => {
      const [, definition = ''] =
        /registerType\('[\w-]+', \{([^]*?)\n {4}\}\)/.exec(read('dist', 'nodes', `${name}.html`)) ?? []
      for (const property of ['category', 'defaults']) assert.match(definition, new RegExp(`\\b${property}: ['{]`))
      assert.doesNotMatch(definition, /\.\.\./, 'a list that is spread cannot be read')
      const config = definition.includes("category: 'config'")
      if (!config) for (const property of ['color', 'icon']) assert.match(definition, new RegExp(`\\b${property}: '`))
    })
  }

  it('the icons that the nodes name', () => {
    const icons = readdirSync(join(ROOT, 'dist', 'nodes', 'icons'))
    const named = nodeNames.flatMap((name) =>
      [...read('dist', 'nodes', `${name}.html`).matchAll(/icon:\s*['"]([^'"/]+\.(?:svg|png))['"]/g)].map(
        ([, icon]) => icon
      )
    )
    assert.ok(named.length > 0, 'no node names an icon')
    for (const icon of named) assert.ok(icons.includes(icon ?? ''), `icon ${icon} is missing`)
  })
})
