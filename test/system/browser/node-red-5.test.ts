import { nodeRed5 } from '../../support/node-red/versions'
import { tellStories } from './stories'

describe('the editor of Node-RED 5', () => tellStories(nodeRed5))
