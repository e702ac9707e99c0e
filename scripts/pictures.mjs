/**
 * `npm run pictures`: installs and builds what is missing, then makes the pictures of the README (test/system/browser/pictures.ts
 * says which, and what it takes). Besides Chromium it needs ImageMagick and a font with Chinese signs:
 * Debian's chromium, imagemagick and fonts-noto-cjk. `npm run pictures -- --start` makes the moving one of `npm start`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { FURTHER_TREES, ROOT } from './build.mjs'
import { makeMovingPicture } from './moving-picture.mjs'

if (process.argv.includes('--start')) {
  await makeMovingPicture()
  process.exit()
}

const answers = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? ''

const missing = [
  ...(answers('convert', '-version').includes('ImageMagick') ? [] : ['imagemagick']),
  ...(answers('fc-list', ':lang=zh-cn').trim() === ''
    ? ['fonts-noto-cjk (fc-list names no font with Chinese signs)']
    : [])
]
if (missing.length > 0) {
  console.error(`No pictures without: ${missing.join(', ')}`)
  process.exit(1)
}
bootstrap({ further: FURTHER_TREES, nodeRed5: true })
const run = spawnSync(
  process.execPath,
  [join(ROOT, 'dist', 'test', 'system', 'browser', 'pictures.js'), ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit'
  }
)
process.exit(run.status ?? 1)
