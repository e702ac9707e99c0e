import { nodeRed4 } from '../e2e/harness/versions'
import { tellStories } from './stories'

describe('the editor of Node-RED 4', () => tellStories(nodeRed4))
