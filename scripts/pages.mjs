/**
 * Puts the editor's code into the pages of the nodes. Where a page says `require('../editor/gate')`, the compiled module takes the
 * place of these words, with all that it imports, as one expression: a page and its code are one file, and load at once.
 */
import { posix } from 'node:path'

const IN_PAGE = /\brequire\('(\.[^']+)'\)/g
const IN_MODULE = /\brequire\("([^"]+)"\)/g
/** What would end a script in a page, or begin something that HTML reads in another way. */
const NOT_IN_A_PAGE = /<\/script|<!--/i

/** `folder` is where the page lies; `read` gives the compiled code of a module, by its path without extension. */
export function fillPage(page, folder, read) {
  return page.replaceAll(IN_PAGE, (_whole, specifier) => asExpression(posix.join(folder, specifier), read))
}

/** The module and all that it imports, those first that others need. */
function asExpression(entry, read) {
  const started = new Set()
  const parts = []
  const add = (path, from) => {
    const known = parts.some((part) => part.path === path)
    if (known) return
    if (started.has(path)) throw new Error(`${from} and ${path} import each other`)
    started.add(path)
    const code = read(path).replaceAll(IN_MODULE, (_whole, specifier) => {
      if (!specifier.startsWith('.')) throw new Error(`${path} imports ${specifier}, which no browser has`)
      const wanted = posix.join(posix.dirname(path), specifier)
      add(wanted, path)
      return nameOf(wanted)
    })
    if (NOT_IN_A_PAGE.test(code)) throw new Error(`${path} holds text that no page can hold`)
    parts.push({ path, code })
  }
  add(entry, 'a page')
  const modules = parts.map(({ path, code }) => `${nameOf(path)} = ((exports) => {\n${code}\nreturn exports\n})({});\n`)
  return `(() => {\nconst modules = {};\n${modules.join('')}return ${nameOf(entry)};\n})()`
}

const nameOf = (path) => `modules[${JSON.stringify(path)}]`
