import { nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { tellSidebarStories } from './sidebar-stories'

describe('the sidebar in the editor of Node-RED 4', () => tellSidebarStories(nodeRed4))
describe('the sidebar in the editor of Node-RED 5', () => tellSidebarStories(nodeRed5))
