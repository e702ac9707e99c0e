import { nodeRed5 } from './harness/versions'
import { tellStories } from './stories'

describe('on Node-RED 5', () => tellStories(nodeRed5))
