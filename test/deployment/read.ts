import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../e2e/harness/versions'

export const readDeployment = (name: string): string =>
  readFileSync(join(ROOT, 'docs', 'operating', 'deployment', name), 'utf8')
