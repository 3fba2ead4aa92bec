// The text/event-stream format over fetch. EventSource cannot send Last-Event-ID on its first request, which a window
// needs that takes the stream over from another one.

export interface StreamEvent { type: string; data: string; id: string | null }

/** Splits a byte stream into events; feed() takes any cut of the bytes. */
export class StreamParser {
  #decoder = new TextDecoder();
  #rest = '';
  #type = '';
  #data: string[] = [];
  #id: string | null = null;

  feed(bytes: Uint8Array): StreamEvent[] {
    const events: StreamEvent[] = [];
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.#data.length > 0) events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
        this.#type = '';
        this.#data = [];
        this.#id = null;
      } else if (!line.startsWith(':')) {
        this.#field(line);
      }
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id') this.#id = value;
  }
}
