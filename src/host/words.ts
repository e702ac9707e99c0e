/** The catalogue's texts, for parts of the host's side that show events to people. */
export { EVENTS, REASONS } from '../protocol/catalogue'
