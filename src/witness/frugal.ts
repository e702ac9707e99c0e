/**
 * A witness makes much that lives for a moment, and keeps little: room for what is new that grows to 16 MB and is never filled with anything
 * that lasts is most of its memory. Only for a process of its own, and first of all.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--semi-space-growth-factor=1')
