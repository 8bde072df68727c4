// From the text of a statement to pieces { kind, text } that read well: a clause on each line, subqueries indented.

const TOKEN =
  /(?<text>'(?:[^']|'')*')|(?<name>"(?:[^"]|"")*")|(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|(?<sign>::)|(?<value>\$\d+|:\w+|\?)|(?<number>\d+(?:\.\d+)?)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<other>[<>=!|#@~^&*+/%-]+|\S)/gu

const CLAUSES = words(`SELECT FROM WHERE GROUP HAVING WINDOW ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT VALUES SET
  RETURNING JOIN LEFT RIGHT FULL INNER CROSS`)
const KEYWORDS = words(`ALL AND ANY AS ASC BEGIN BETWEEN BY CASE CAST CHECK COMMIT CONFLICT DELETE DESC DISTINCT DO ELSE END
  ESCAPE EXISTS FALSE FILTER FIRST ILIKE IN INSERT INTO IS LAST LATERAL LIKE NOT NOTHING NULL NULLS ON OR OUTER OVER
  PARTITION RECURSIVE RELEASE ROLLBACK SAVEPOINT THEN TRUE UPDATE USING WHEN WITH`)
const JOINS = words('LEFT RIGHT FULL INNER CROSS OUTER')
const WIDTH = 76

function words(text) {
  return new Set(text.split(/\s+/))
}

export function formatted(sql) {
  const tokens = [...sql.matchAll(TOKEN)].map(tokenOf)
  // Of each parenthesis that is open: whether it holds a query, whose clauses begin lines; how far these are indented.
  const open = [{ isQuery: true, indent: 0 }]
  const pieces = []
  let [column, indent, between] = [0, 0, false]

  const write = (kind, text) => {
    pieces.push({ kind, text })
    column += text.length
  }
  const line = (depth) => {
    if (pieces.at(-1)?.text.startsWith('\n')) return
    ;[column, indent] = [-1, depth]
    write('space', `\n${'  '.repeat(depth)}`)
  }
  tokens.forEach((token, index) => {
    const [before, next] = [tokens[index - 1], tokens[index + 1]]
    const inside = open.at(-1)
    if (token.text === ')' && open.length > 1) {
      open.pop()
      if (inside.isQuery) line(inside.indent - 1)
    } else if (before?.text.startsWith('--')) line(indent)
    else if (inside.isQuery && beginsClause(token, before, next)) line(inside.indent)
    else if (inside.isQuery && isCondition(token) && !between) line(inside.indent + 1)
    else if (inside.isQuery && before?.text === ',' && column > WIDTH) line(inside.indent + 1)
    else if (token.spaced && !pieces.at(-1).text.startsWith('\n')) write('space', ' ')

    between = token.word === 'BETWEEN' || (between && token.word !== 'AND')
    write(token.kind, token.text)
    if (token.text === '(') {
      const isQuery = next?.word === 'SELECT' || next?.word === 'WITH'
      open.push({ isQuery, indent: indent + 1 })
      if (isQuery) line(indent + 1)
    }
  })
  return pieces
}

function tokenOf(match) {
  const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined)
  const word = kind === 'word' ? match[0].toUpperCase() : null
  const spaced = match.index > 0 && /\s/.test(match.input[match.index - 1])
  return { kind: CLAUSES.has(word) || KEYWORDS.has(word) ? 'keyword' : kind, text: match[0], word, spaced }
}

function beginsClause(token, before, next) {
  if (before === undefined || !CLAUSES.has(token.word)) return false
  if (next?.text === '(' && JOINS.has(token.word)) return false // the function left(...)
  if (token.word === 'JOIN') return !JOINS.has(before.word)
  return !(token.word === 'FROM' && (before.word === 'DELETE' || before.word === 'DISTINCT'))
}

function isCondition(token) {
  return token.word === 'AND' || token.word === 'OR'
}
