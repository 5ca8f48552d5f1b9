// The pages' words in the reader's language; English is the key. `make words` collects them from here too.
const element = document.getElementById("words");
const words: Record<string, string> = JSON.parse(element?.textContent || "{}");

export function t(message: string, values: Record<string, string | number> = {}): string {
  return (words[message] ?? message).replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole));
}
