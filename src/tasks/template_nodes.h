// A template as tokens and as a tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tasks/template_value.h"

namespace assay::detail::jinja {

struct Token {
  enum class Kind {
    kData,
    kBlockBegin,
    kBlockEnd,
    kOutputBegin,
    kOutputEnd,
    kName,
    kText,
    kInteger,
    kFloat,
    kOperator,
    kEnd
  };
  Kind kind = Kind::kEnd;
  std::string text;
  int line = 1;
};

// White space by Jinja2's defaults: nothing is trimmed but at "-". Errors: Problem with a line.
std::vector<Token> tokenize(std::string_view source);

struct Node {
  enum class Kind {
    // statements
    kData,         // text
    kOutput,       // children[0]
    kIf,           // children[0] ? body : otherwise
    kFor,          // children: target, iterable, optional condition; body, otherwise
    kSet,          // children: target, value
    kSetBlock,     // children: target, filters around an empty text; body
    kMacro,        // text = name; children = parameters (kName, or kKeyword with its default); body
    kFilterBlock,  // children[0] = filters around an empty text; body
    kWith,         // children: target, value, target, value ...; body
    // expressions
    kConstant,
    kName,
    kList,
    kTuple,
    kDict,  // key, value, key, value ...
    kNegate,
    kPositive,
    kNot,
    kAnd,
    kOr,
    kBinary,  // text = operator
    kConcat,
    kCompare,    // children: first, then operands; operators
    kCondition,  // children: value, test, optional else
    kAttribute,  // children[0] . text
    kItem,       // children[0] [ children[1] ]
    kSlice,      // children: object, start, stop, step (constants None when left out)
    kCall,       // children: callee, arguments
    kKeyword,    // text = children[0], an argument
    kFilter,     // children[0] | text(others)
    kTest        // children[0] is text(others)
  };
  Kind kind = Kind::kData;
  int line = 1;
  int height = 1;  // of the tree, bounded so that walking it cannot exhaust the stack
  std::string text;
  Value constant;
  std::vector<Node> children, body, otherwise;
  std::vector<std::string> operators;
};

// Errors: Problem with a line: wrong syntax, unknown filters and tests, what is not supported.
std::vector<Node> parse(std::string_view source);

// The columns of the row by name, read when they are used.
std::string render(const std::vector<Node>& nodes, const Row& row);

}  // namespace assay::detail::jinja
