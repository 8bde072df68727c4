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
  // Of each parenthesis that is open: whether it holds a query, whose clauses begin lines.
  const open = [true]
  const pieces = []
  let column = 0
  let between = false

  const line = (indent) => {
    const depth = open.filter(Boolean).length - 1
    column = 2 * (depth + indent)
    pieces.push({ kind: 'space', text: `\n${' '.repeat(column)}` })
  }
  tokens.forEach((token, index) => {
    const [before, next] = [tokens[index - 1], tokens[index + 1]]
    const inQuery = open.at(-1)
    if (token.text === ')') {
      if (open.length > 1 && open.pop()) line(0)
      else column += 1
    } else if (before !== undefined) {
      if (inQuery && beginsClause(token, before, next)) line(0)
      else if (inQuery && isCondition(token) && !between) line(1)
      else if (inQuery && before.text === ',' && column > WIDTH) line(1)
      else if (token.spaced) {
        pieces.push({ kind: 'space', text: ' ' })
        column += 1
      }
    }
    if (token.word === 'BETWEEN') between = true
    else if (token.word === 'AND') between = false
    pieces.push({ kind: token.kind, text: token.text })
    column += token.text.length
    if (token.text === '(') {
      open.push(next?.word === 'SELECT' || next?.word === 'WITH')
      if (open.at(-1)) line(0)
    }
  })
  return pieces.filter((piece, index) => index === 0 || !isDoubleSpace(pieces[index - 1], piece))
}

function tokenOf(match) {
  const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined)
  const word = kind === 'word' ? match[0].toUpperCase() : null
  const spaced = match.index > 0 && /\s/.test(match.input[match.index - 1])
  return { kind: CLAUSES.has(word) || KEYWORDS.has(word) ? 'keyword' : kind, text: match[0], word, spaced }
}

function beginsClause(token, before, next) {
  if (!CLAUSES.has(token.word) || next?.text === '(' && JOINS.has(token.word)) return false
  if (token.word === 'JOIN') return !JOINS.has(before.word)
  if (token.word === 'FROM') return before.word !== 'DELETE' && before.word !== 'DISTINCT'
  return before.text !== '('
}

function isCondition(token) {
  return token.word === 'AND' || token.word === 'OR'
}

// A line that a parenthesis begins, and that its SELECT would begin again.
function isDoubleSpace(before, piece) {
  return before.kind === 'space' && piece.kind === 'space'
}
