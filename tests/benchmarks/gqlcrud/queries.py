"""The documents of the benchmark as gqlcrud offers them. Keys are `rowId` here, and aliased back."""

PATH = "/graphql"
B7 = "id: rowId title price published rating meta createdAt"
PAGE = "query($limit: Int!, $offset: Int!) "
FLAT = PAGE + f"{{ books(first: $limit, offset: $offset) {{ nodes {{ {B7} }} }} }}"
BY_TIME = "orderBy: [{createdAt: ASC}, {rowId: ASC}]"
DOCS = {
    "q1": FLAT,
    "q2": FLAT,
    "q3": PAGE
    + """{ authors(first: $limit, offset: $offset) { nodes { id: rowId name
        books(first: 10, orderBy: [{published: DESC}, {rowId: ASC}]) { nodes { id: rowId title price
          reviews(first: 5, orderBy: [{rowId: DESC}]) { nodes { id: rowId stars body } } } } } } }""",
    "q4": PAGE
    + "{ books(first: $limit, offset: $offset) { nodes { id: rowId title "
    + "tags(orderBy: [{rowId: ASC}]) { nodes { id: rowId name } } } } }",
    "q5": PAGE
    + "{ reviews(first: $limit, offset: $offset, orderBy: [{rowId: DESC}]) { nodes "
    + "{ id: rowId stars createdAt book { id: rowId title author { id: rowId name } } } } }",
    "q6": """query($limit: Int!, $lo: Decimal!, $hi: Decimal!, $prefix: String!) {
        books(first: $limit, orderBy: [{createdAt: DESC}],
          where: {price: {gte: $lo, lte: $hi}, author: {is: {name: {startsWith: $prefix}}}})
        { nodes { id: rowId title price createdAt author { id: rowId name } } } }""",
    "q7": f"query($id: Int!) {{ book(by: {{rowId: $id}}) {{ {B7} author {{ id: rowId name }} }} }}",
    "q8": f"query($limit: Int!, $after: String!) {{ books(first: $limit, after: $after, {BY_TIME}) "
    + "{ nodes { id: rowId title createdAt } } }",
    "q9": "query($limit: Int!) { books(first: $limit) { totalCount nodes { id: rowId title price } } }",
    "m1": "mutation($data: BookCreate!) { createBook(input: {data: $data}) "
    + "{ book { id: rowId title price author { id: rowId name } } } }",
    "m2": """mutation($data: AuthorCreate!) { createAuthor(input: {data: $data}) { author { id: rowId name
        books(orderBy: [{published: DESC}]) { nodes { id: rowId title
          tags(orderBy: [{rowId: ASC}]) { nodes { id: rowId name } } } } } } }""",
}
BOOK = ("title", "price", "published", "rating", "meta")


def prepare(post, q, p):
    """For q8 the cursor of the row that the page starts after."""
    if q != "q8":
        return p
    document = f"query($o: Int!) {{ books(first: 1, offset: $o, {BY_TIME}) {{ edges {{ cursor node {{ rowId }} }} }} }}"
    edge = post({"query": document, "variables": {"o": p["row"] - 1}})["data"]["books"]["edges"][0]
    assert edge["node"]["rowId"] == p["afterId"]
    return {"limit": p["limit"], "after": edge["cursor"]}


def body(q, p):
    """The JSON to post."""
    if q == "m1":
        p = {"data": {k: p[k] for k in BOOK} | {"author": {"connect": {"rowId": p["authorId"]}}}}
    elif q == "m2":
        books = [
            {k: b[k] for k in BOOK} | {"tags": {"connect": [{"rowId": t} for t in b["tagIds"]]}} for b in p["books"]
        ]
        p = {"data": {"name": p["name"], "country": p["country"], "books": {"create": books}}}
    return {"query": DOCS[q], "variables": p}


def extract(q, data):
    """Mutations answer with a payload around the record."""
    if q not in ("m1", "m2"):
        return data
    return {name: record for name, payload in data.items() for record in payload.values()}
