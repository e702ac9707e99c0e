import { nodeRed4 } from '../../support/node-red/versions'
import { onStage } from './harness/stage'
import { tellSidebarStories } from './sidebar-stories'
import { tellStories } from './stories'

describe('Node-RED 4', () => {
  onStage(nodeRed4, (stage) => {
    describe('the editor', () => tellStories(stage, 4))
    describe('the sidebar in the editor', () => tellSidebarStories(stage, 4))
  })
})
