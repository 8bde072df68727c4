// From the body of a response in server-sent events to the answers of a subscription, one after the other.
// Source: GraphQL over Server-Sent Events, "Distinct connections mode".

export function readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  const answers = read(reader)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => answers.next(),
    // A read that waits ends with the reader; the generator alone would wait for the next event.
    async return() {
      await reader.cancel()
      return answers.return()
    },
  }
}

async function* read(reader) {
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const messages = (text + value).split(/\r?\n\r?\n/)
    text = messages.pop()
    for (const message of messages) {
      const { event, data } = fields(message)
      if (event === 'complete') return
      if (event === 'next') yield JSON.parse(data)
    }
  }
}

function fields(message) {
  const found = { event: 'message', data: '' }
  for (const line of message.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line)
    if (name === 'event') found.event = value
    if (name === 'data') found.data += value
  }
  return found
}
