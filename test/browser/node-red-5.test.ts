import { nodeRed5 } from '../e2e/harness/versions'
import { tellStories } from './stories'

describe('the editor of Node-RED 5', () => tellStories(nodeRed5))
