import { nodeRed5 } from '../../support/node-red/versions'
import { onStage } from './harness/stage'
import { tellSidebarStories } from './sidebar-stories'
import { tellStories } from './stories'

describe('Node-RED 5', () => {
  onStage(nodeRed5, (stage) => {
    describe('the editor', () => tellStories(stage, 5))
    describe('the sidebar in the editor', () => tellSidebarStories(stage, 5))
  })
})
