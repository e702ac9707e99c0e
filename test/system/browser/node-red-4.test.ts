import { nodeRed4 } from '../../support/node-red/versions'
import { tellStories } from './stories'

describe('the editor of Node-RED 4', () => tellStories(nodeRed4))
