import { nodeRed4 } from '../../support/node-red/versions'
import { tellStories } from './stories'

describe('on Node-RED 4.1', () => tellStories(nodeRed4))
