/** What people hear of an engine whose thread has died. `text`: its error, with the stack. */
export function crashDetail(text: string): { readonly error: string; readonly stack?: string } {
  const [error = '', ...frames] = text.split('\n')
  return frames.length === 0 ? { error } : { error, stack: frames.map((frame) => frame.trim()).join(' < ') }
}
