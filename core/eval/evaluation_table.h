#pragma once

#include <string>
#include <vector>

#include "core/values/evaluation.h"

namespace lvr {

// The rows of the table: each set under each column, as a whole, as its benchmark averages it
// (pairs, subtasks, cycles), and by category. The scorers judge the outputs now.
std::vector<EvalRow> rowsOf(const EvalRun& evaluation);

// What a person must know beside the table: what was left out and why, which items were few.
std::vector<std::string> notesOn(const EvalRun& evaluation);

// The table for a terminal; as Markdown; a row a line as CSV.
std::string tableText(const std::vector<EvalRow>& rows);
std::string tableMarkdown(const std::vector<EvalRow>& rows);
std::string tableCsv(const std::vector<EvalRow>& rows);

// All of it as JSON: what was run, rows, items with every scorer's verdict.
std::string evaluationJson(const EvalRun& evaluation);

// A row an item and column, with the letter that each scorer reads.
std::string answersCsv(const EvalRun& evaluation);

}  // namespace lvr
