#include "datasets/parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/reader.h>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kRowsAtATime = 256;

Json valueAt(const arrow::Array& column, std::int64_t row);

template <class List>
Json listAt(const arrow::Array& column, std::int64_t row) {
    const auto& list = static_cast<const List&>(column);
    Json values = Json::array();
    for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i)
        values.push_back(valueAt(*list.values(), i));
    return values;
}

// The Hub's pictures are {bytes, path}.
Json structAt(const arrow::StructArray& column, std::int64_t row) {
    if (const auto path = column.GetFieldByName("path")) return valueAt(*path, row);
    Json object = Json::object();
    for (int i = 0; i < column.num_fields(); ++i)
        object[column.type()->field(i)->name()] = valueAt(*column.field(i), row);
    return object;
}

Json valueAt(const arrow::Array& column, std::int64_t row) {
    if (column.IsNull(row)) return {};
    switch (column.type_id()) {
        case arrow::Type::STRING:
            return static_cast<const arrow::StringArray&>(column).GetString(row);
        case arrow::Type::LARGE_STRING:
            return static_cast<const arrow::LargeStringArray&>(column).GetString(row);
        case arrow::Type::BOOL:
            return static_cast<const arrow::BooleanArray&>(column).Value(row);
        case arrow::Type::INT32:
            return static_cast<const arrow::Int32Array&>(column).Value(row);
        case arrow::Type::INT64:
            return static_cast<const arrow::Int64Array&>(column).Value(row);
        case arrow::Type::FLOAT:
            return static_cast<const arrow::FloatArray&>(column).Value(row);
        case arrow::Type::DOUBLE:
            return static_cast<const arrow::DoubleArray&>(column).Value(row);
        case arrow::Type::LIST:
            return listAt<arrow::ListArray>(column, row);
        case arrow::Type::LARGE_LIST:
            return listAt<arrow::LargeListArray>(column, row);
        case arrow::Type::STRUCT:
            return structAt(static_cast<const arrow::StructArray&>(column), row);
        default:
            return {};  // bytes of pictures, dates: no field of a record
    }
}

template <class T>
T orError(arrow::Result<T> result, const fs::path& file) {
    if (!result.ok())
        throw Error(file.string() + " is not a readable Parquet file: " +
                    result.status().message() + "; fetch it again");
    return std::move(result).ValueOrDie();
}

}  // namespace

void forEachRow(const fs::path& file, const std::function<void(const Json&, int)>& visit) {
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) throw Error("there is no file " + file.string());
    auto input = orError(arrow::io::ReadableFile::Open(file.string()), file);
    auto reader = orError(parquet::arrow::OpenFile(input, arrow::default_memory_pool()), file);
    reader->set_use_threads(false);
    reader->set_batch_size(kRowsAtATime);
    auto batches = orError(reader->GetRecordBatchReader(), file);
    int count = 0;
    for (;;) {
        const auto batch = orError(batches->Next(), file);
        if (!batch) break;
        for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
            Json object = Json::object();
            for (int i = 0; i < batch->num_columns(); ++i)
                object[batch->column_name(i)] = valueAt(*batch->column(i), row);
            visit(object, ++count);
        }
    }
    if (count == 0) throw Error(file.string() + " holds no rows");
}

}  // namespace lvr
