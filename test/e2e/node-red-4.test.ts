import { nodeRed4 } from './harness/versions'
import { tellStories } from './stories'

describe('on Node-RED 4.1', () => tellStories(nodeRed4))
