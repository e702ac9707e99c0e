/** The command: `node dist/demo/cli.js`, which `scripts/start.mjs` runs once everything is built. */
import { main } from './main'

void main(process.argv.slice(2))
