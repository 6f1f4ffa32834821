#include "datasets/parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>
#include <parquet/arrow/reader.h>

#include <charconv>
#include <cmath>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kRowsAtATime = 64;  // pictures may be inside

Json valueAt(const arrow::Array& column, std::int64_t row);

template <class Column>
const Column& as(const arrow::Array& column) {
    return static_cast<const Column&>(column);
}

template <class Column>
Json numberAt(const arrow::Array& column, std::int64_t row) {
    return as<Column>(column).Value(row);
}

template <class Float>
Json finite(Float value) {
    if (!std::isfinite(value)) return {};
    // Of a narrow number the digits that tell it apart, as it was written: 0.1, not 0.10000000149.
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    double exact = 0;
    std::from_chars(digits, end, exact);
    return exact;
}

template <class Column>
Json textAt(const arrow::Array& column, std::int64_t row) {
    return std::string(as<Column>(column).GetView(row));
}

// Some writers call their texts bytes.
template <class Column>
Json bytesAt(const arrow::Array& column, std::int64_t row) {
    const std::string_view bytes = as<Column>(column).GetView(row);
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (arrow::util::ValidateUTF8(first, std::ssize(bytes))) return std::string(bytes);
    return Json::binary(std::vector<std::uint8_t>(first, first + bytes.size()));
}

template <class List>
Json listAt(const arrow::Array& column, std::int64_t row) {
    const auto& list = as<List>(column);
    Json values = Json::array();
    const std::int64_t from = list.value_offset(row), count = list.value_length(row);
    for (auto i = from; i < from + count; ++i) values.push_back(valueAt(*list.values(), i));
    return values;
}

Json structAt(const arrow::StructArray& column, std::int64_t row) {
    Json object = Json::object();
    for (int i = 0; i < column.num_fields(); ++i)
        object[column.type()->field(i)->name()] = valueAt(*column.field(i), row);
    return object;
}

Json floatAt(const arrow::Array& column, std::int64_t row) {
    if (column.type_id() == arrow::Type::DOUBLE)
        return finite(as<arrow::DoubleArray>(column).Value(row));
    if (column.type_id() == arrow::Type::FLOAT)
        return finite(as<arrow::FloatArray>(column).Value(row));
    const auto bits = as<arrow::HalfFloatArray>(column).Value(row);
    return finite(arrow::util::Float16::FromBits(bits).ToFloat());
}

Json integerAt(const arrow::Array& column, std::int64_t row) {
    switch (column.type_id()) {
        case arrow::Type::INT8:
            return numberAt<arrow::Int8Array>(column, row);
        case arrow::Type::INT16:
            return numberAt<arrow::Int16Array>(column, row);
        case arrow::Type::INT32:
            return numberAt<arrow::Int32Array>(column, row);
        case arrow::Type::UINT8:
            return numberAt<arrow::UInt8Array>(column, row);
        case arrow::Type::UINT16:
            return numberAt<arrow::UInt16Array>(column, row);
        case arrow::Type::UINT32:
            return numberAt<arrow::UInt32Array>(column, row);
        case arrow::Type::UINT64:
            return numberAt<arrow::UInt64Array>(column, row);
        default:
            return numberAt<arrow::Int64Array>(column, row);
    }
}

Json bytesOrTextAt(const arrow::Array& column, std::int64_t row) {
    switch (column.type_id()) {
        case arrow::Type::STRING:
            return textAt<arrow::StringArray>(column, row);
        case arrow::Type::LARGE_STRING:
            return textAt<arrow::LargeStringArray>(column, row);
        case arrow::Type::STRING_VIEW:
            return textAt<arrow::StringViewArray>(column, row);
        case arrow::Type::BINARY:
            return bytesAt<arrow::BinaryArray>(column, row);
        case arrow::Type::LARGE_BINARY:
            return bytesAt<arrow::LargeBinaryArray>(column, row);
        case arrow::Type::BINARY_VIEW:
            return bytesAt<arrow::BinaryViewArray>(column, row);
        default:
            return bytesAt<arrow::FixedSizeBinaryArray>(column, row);
    }
}

Json listValueAt(const arrow::Array& column, std::int64_t row) {
    switch (column.type_id()) {
        case arrow::Type::LARGE_LIST:
            return listAt<arrow::LargeListArray>(column, row);
        case arrow::Type::FIXED_SIZE_LIST:
            return listAt<arrow::FixedSizeListArray>(column, row);
        case arrow::Type::LIST_VIEW:
            return listAt<arrow::ListViewArray>(column, row);
        case arrow::Type::LARGE_LIST_VIEW:
            return listAt<arrow::LargeListViewArray>(column, row);
        default:  // a map is a list too
            return listAt<arrow::ListArray>(column, row);
    }
}

Json dictionaryAt(const arrow::DictionaryArray& column, std::int64_t row) {
    return valueAt(*column.dictionary(), column.GetValueIndex(row));
}

// What is left are dates, times and decimals.
Json scalarTextAt(const arrow::Array& column, std::int64_t row) {
    const auto scalar = column.GetScalar(row);
    return scalar.ok() ? Json((*scalar)->ToString()) : Json();
}

Json valueAt(const arrow::Array& column, std::int64_t row) {
    const auto type = column.type_id();
    if (column.IsNull(row)) return {};
    if (type == arrow::Type::BOOL) return numberAt<arrow::BooleanArray>(column, row);
    if (type == arrow::Type::STRUCT) return structAt(as<arrow::StructArray>(column), row);
    if (type == arrow::Type::DICTIONARY)
        return dictionaryAt(as<arrow::DictionaryArray>(column), row);
    if (type == arrow::Type::EXTENSION)
        return valueAt(*as<arrow::ExtensionArray>(column).storage(), row);
    if (arrow::is_integer(type)) return integerAt(column, row);
    if (arrow::is_floating(type)) return floatAt(column, row);
    if (arrow::is_list_like(type) || arrow::is_list_view(type)) return listValueAt(column, row);
    if (arrow::is_base_binary_like(type) || arrow::is_binary_view_like(type) ||
        type == arrow::Type::FIXED_SIZE_BINARY)
        return bytesOrTextAt(column, row);
    return scalarTextAt(column, row);
}

template <class T>
T orError(arrow::Result<T> result, const fs::path& file) {
    if (!result.ok())
        throw Error(file.string() + " is not a readable Parquet file: " +
                    result.status().message() + "; fetch it again");
    return std::move(result).ValueOrDie();
}

}  // namespace

void forEachRow(const fs::path& file, const OnEntry& visit) {
    arrow::util::InitializeUTF8();
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
            visit({++count, std::move(object), ""});
        }
    }
    if (count == 0) throw Error(file.string() + " holds no rows");
}

}  // namespace lvr
