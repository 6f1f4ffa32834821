#include "datasets/parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/type_traits.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>
#include <arrow/visit_array_inline.h>
#include <parquet/arrow/reader.h>

#include <charconv>
#include <cmath>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace lvr {
namespace fs = std::filesystem;
namespace {

// Pictures may be inside: few rows at a time where rows are large.
constexpr std::int64_t kMostRowsAtATime = 64, kBytesAtATime = 32 << 20;

Json valueAt(const arrow::Array& column, std::int64_t row);

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

// Some writers call their texts bytes.
Json bytesOrText(std::string_view bytes) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (arrow::util::ValidateUTF8(first, std::ssize(bytes))) return std::string(bytes);
    return Json::binary(std::vector<std::uint8_t>(first, first + bytes.size()));
}

template <class List>
Json listAt(const List& list, std::int64_t row) {
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

// What is not named below: dates, times, decimals.
Json scalarTextAt(const arrow::Array& column, std::int64_t row) {
    const auto scalar = column.GetScalar(row);
    return scalar.ok() ? Json((*scalar)->ToString()) : Json();
}

// One value of a column of any type.
struct ReadValue {
    std::int64_t row;
    Json value = {};

    template <class Column>
    arrow::Status Visit(const Column& column) {
        value = at(column);
        return arrow::Status::OK();
    }

private:
    template <class Column>
    Json at(const Column& column) const {
        using Type = typename Column::TypeClass;
        if constexpr (arrow::is_boolean_type<Type>::value || arrow::is_integer_type<Type>::value)
            return column.Value(row);
        else if constexpr (std::is_same_v<Type, arrow::HalfFloatType>)
            return finite(arrow::util::Float16::FromBits(column.Value(row)).ToFloat());
        else if constexpr (arrow::is_floating_type<Type>::value)
            return finite(column.Value(row));
        else if constexpr (arrow::is_base_binary_type<Type>::value ||
                           arrow::is_binary_view_like_type<Type>::value ||
                           std::is_same_v<Type, arrow::FixedSizeBinaryType>)
            return bytesOrText(column.GetView(row));
        else if constexpr (arrow::is_list_like_type<Type>::value ||
                           arrow::is_list_view_type<Type>::value)
            return listAt(column, row);  // a map is a list too
        else if constexpr (std::is_same_v<Type, arrow::StructType>)
            return structAt(column, row);
        else if constexpr (std::is_same_v<Type, arrow::DictionaryType>)
            return valueAt(*column.dictionary(), column.GetValueIndex(row));
        else if constexpr (std::is_same_v<Type, arrow::ExtensionType>)
            return valueAt(*column.storage(), row);
        else
            return scalarTextAt(column, row);
    }
};

Json valueAt(const arrow::Array& column, std::int64_t row) {
    if (column.IsNull(row)) return {};
    ReadValue read{row};
    return arrow::VisitArrayInline(column, &read).ok() ? read.value : scalarTextAt(column, row);
}

template <class T>
T orError(arrow::Result<T> result, const fs::path& file) {
    if (!result.ok())
        throw Error(file.string() + " is not a readable Parquet file: " +
                    result.status().message() + "; fetch it again");
    return std::move(result).ValueOrDie();
}

std::unique_ptr<parquet::arrow::FileReader> openParquet(const fs::path& file) {
    arrow::util::InitializeUTF8();
    std::error_code failed;
    if (!fs::is_regular_file(file, failed)) throw Error("there is no file " + file.string());
    auto input = orError(arrow::io::ReadableFile::Open(file.string()), file);
    // Not whole column chunks at once: one may hold hundreds of pictures.
    auto properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();
    parquet::ArrowReaderProperties reading;
    reading.set_pre_buffer(false);
    reading.set_use_threads(false);
    parquet::arrow::FileReaderBuilder builder;
    builder.properties(reading);
    const auto opened = builder.Open(input, properties);
    auto reader = orError(opened.ok() ? builder.Build() : opened, file);
    return reader;
}

std::int64_t rowsAtATime(const parquet::arrow::FileReader& reader, const fs::path& file) {
    std::error_code failed;
    const auto rows = std::max<std::int64_t>(1, reader.parquet_reader()->metadata()->num_rows());
    const auto bytes = static_cast<std::int64_t>(fs::file_size(file, failed)) / rows;
    return std::clamp(kBytesAtATime / std::max<std::int64_t>(1, bytes), std::int64_t{1},
                      kMostRowsAtATime);
}

}  // namespace

std::vector<std::string> parquetColumns(const fs::path& file) {
    std::shared_ptr<arrow::Schema> schema;
    const auto reader = openParquet(file);
    const auto read = reader->GetSchema(&schema);
    if (!read.ok()) orError(arrow::Result<int>(read), file);
    return schema->field_names();
}

void forEachRow(const fs::path& file, const OnEntry& visit) {
    const auto reader = openParquet(file);
    reader->set_batch_size(rowsAtATime(*reader, file));
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
