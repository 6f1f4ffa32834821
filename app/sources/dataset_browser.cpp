#include "app/sources/dataset_browser.h"

#include <QDir>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <QVBoxLayout>

#include "app/sources/records.h"
#include "widgets/entry_fields.h"

namespace lvr {

DatasetBrowser::DatasetBrowser(QWidget* parent)
    : QWidget(parent),
      reader_(new RecordReader(this)),
      model_(new RecordModel(this)),
      path_(new QLineEdit(this)),
      images_(new QLineEdit(this)),
      filter_(new QLineEdit(this)),
      table_(new QTableView(this)),
      hint_(new QLabel(this)),
      count_(new QLabel(this)),
      progress_(new QProgressBar(this)),
      cancel_(new QPushButton(tr("Cancel"), this)) {
    build();
    wire();
    wireReader();
    setReading(false);
    say(
        tr("Open a data file (LVR JSON, Visual-CoT, ViRL39K) or a folder of scenes, or drop one "
           "here: its questions are listed."));
}

DatasetBrowser::~DatasetBrowser() = default;

void DatasetBrowser::build() {
    path_->setAccessibleName(tr("Data file"));
    path_->setPlaceholderText(tr("Data file or folder of scenes"));
    path_->setToolTip(tr("Type or paste a file or folder and press Enter"));
    images_->setAccessibleName(tr("Folder of the data's pictures"));
    images_->setPlaceholderText(tr("Pictures: beside the data"));
    images_->setToolTip(
        tr("Where relative picture paths begin; empty: the folder of the data. Press Enter to "
           "read again."));
    filter_->setAccessibleName(tr("Filter records"));
    filter_->setPlaceholderText(tr("Filter by id, kind, question or answer"));
    filter_->setClearButtonEnabled(true);
    for (QLineEdit* line : {path_, images_, filter_})
        line->setAcceptDrops(false);  // the window takes them
    table_->setAccessibleName(tr("Records"));
    table_->setModel(model_);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setShowGrid(false);
    table_->setAlternatingRowColors(true);
    table_->setWordWrap(false);
    table_->setTabKeyNavigation(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
    table_->horizontalHeader()->setHighlightSections(false);
    table_->horizontalHeader()->setSectionResizeMode(RecordModel::Question, QHeaderView::Stretch);
    const int letter = fontMetrics().averageCharWidth();
    table_->setColumnWidth(RecordModel::Id, 8 * letter);
    table_->setColumnWidth(RecordModel::Kind, 10 * letter);
    table_->setColumnWidth(RecordModel::Answer, 10 * letter);
    table_->setColumnWidth(RecordModel::Boxes, 7 * letter);
    hint_->setWordWrap(true);
    hint_->setAlignment(Qt::AlignCenter);
    hint_->setMargin(12);
    hint_->setAccessibleName(tr("State of the data file"));
    count_->setAccessibleName(tr("Number of records"));
    progress_->setRange(0, 0);
    progress_->setTextVisible(false);
    progress_->setAccessibleName(tr("Reading the data"));
    cancel_->setAccessibleName(tr("Cancel reading"));
    auto* open = new QPushButton(tr("&Data…"), this);
    open->setAccessibleName(tr("Choose a data file or folder of scenes"));
    open->setToolTip(tr("Open a data file, or a folder that holds data.json"));
    auto* menu = new QMenu(open);
    menu->addAction(tr("Data &file…"), this, [this] { choose(false); })
        ->setObjectName("sources.data-file");
    menu->addAction(tr("Folder of &scenes…"), this, [this] { choose(true); })
        ->setObjectName("sources.scenes-folder");
    open->setMenu(menu);
    auto* top = new QHBoxLayout;
    top->addWidget(path_, 1);
    top->addWidget(open);
    auto* below = new QHBoxLayout;
    below->addWidget(count_, 1);
    below->addWidget(progress_, 1);
    below->addWidget(cancel_);
    auto* column = new QVBoxLayout(this);
    column->addLayout(top);
    for (QWidget* widget : std::initializer_list<QWidget*>{images_, filter_, hint_, table_})
        column->addWidget(widget);
    column->setStretchFactor(hint_, 1);
    column->setStretchFactor(table_, 1);
    column->addLayout(below);
}

void DatasetBrowser::wire() {
    connect(path_, &QLineEdit::returnPressed, this, [this] {
        if (!typedPath(path_).isEmpty()) open(typedPath(path_));
    });
    connect(images_, &QLineEdit::returnPressed, this, &DatasetBrowser::reopen);
    connect(filter_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (records_) reader_->filter(records_, text.trimmed());
    });
    connect(filter_, &QLineEdit::returnPressed, table_, qOverload<>(&QWidget::setFocus));
    table_->installEventFilter(this);
    // Clicked and not activated, which a double click would be besides.
    connect(table_, &QTableView::clicked, this, [this](const QModelIndex& index) {
        const int record = model_->record(index.row());
        if (record != openRecord_ && record != wantedRecord_) showRecord(index);
    });
    connect(cancel_, &QPushButton::clicked, reader_, &RecordReader::cancel);
}

void DatasetBrowser::wireReader() {
    connect(reader_, &RecordReader::progressed, this,
            [this](int records) { count_->setText(tr("Reading: %L1 records…").arg(records)); });
    connect(reader_, &RecordReader::opened, this, [this](const Records& records) {
        records_ = records;
        openRecord_ = wantedRecord_ = -1;
        showRecords();
    });
    connect(reader_, &RecordReader::openFailed, this, [this](const QString& sentence) {
        setReading(false);
        say(sentence);
        Q_EMIT settled();
    });
    connect(reader_, &RecordReader::cancelled, this, [this] {
        setReading(false);
        say(tr("Reading was cancelled; open the data again to read it."));
        Q_EMIT settled();
    });
    connect(reader_, &RecordReader::filtered, this, &DatasetBrowser::showRows);
    connect(reader_, &RecordReader::sampleRead, this, [this](const Sample& sample, int record) {
        openRecord_ = record;
        wantedRecord_ = -1;
        Q_EMIT sampleChosen(sample);
    });
    connect(reader_, &RecordReader::sampleFailed, this, [this](const QString& sentence) {
        wantedRecord_ = -1;
        Q_EMIT failed(sentence);
    });
}

// ---- The file ----

void DatasetBrowser::choose(bool folder) {
    auto* dialog = new QFileDialog(this, folder ? tr("Folder of scenes") : tr("Data file"), data_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
    dialog->setOption(QFileDialog::ShowDirsOnly, folder);
    if (!folder)
        dialog->setNameFilters({tr("Data (*.json *.jsonl *.parquet)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, &DatasetBrowser::open);
    dialog->open();
}

void DatasetBrowser::open(const QString& data) {
    data_ = QFileInfo(data).absoluteFilePath();
    path_->setText(QDir::toNativeSeparators(data_));
    reopen();
}

// Large lists take memory and time, which who never looks at them should not pay.
void DatasetBrowser::openWhenShown(const QString& data) {
    data_ = data;
    path_->setText(QDir::toNativeSeparators(data));
    waitsToBeShown_ = true;
    if (isVisible()) reopen();
}

void DatasetBrowser::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (waitsToBeShown_) reopen();
}

void DatasetBrowser::reopen() {
    waitsToBeShown_ = false;
    if (data_.isEmpty()) return;
    records_.reset();
    model_->show({}, {});
    filter_->clear();
    say(tr("Reading %1…").arg(QFileInfo(data_).fileName()));
    setReading(true);
    reader_->open(data_, imageRoot());
}

void DatasetBrowser::setImageRoot(const QString& folder) { images_->setText(folder); }
QString DatasetBrowser::imageRoot() const { return typedPath(images_); }

void DatasetBrowser::setReading(bool reading) {
    progress_->setVisible(reading);
    cancel_->setVisible(reading);
    filter_->setEnabled(!reading);
    count_->clear();
}

// Instead of the table.
void DatasetBrowser::say(const QString& sentence) {
    hint_->setText(sentence);
    hint_->show();
    table_->hide();
}

void DatasetBrowser::showRecords() {
    setReading(false);
    hint_->hide();
    table_->show();
    reader_->filter(records_, filter_->text().trimmed());
    Q_EMIT settled();
}

void DatasetBrowser::showRows(std::vector<int> rows) {
    if (!records_) return;
    const int shown = static_cast<int>(rows.size()), all = records_->size();
    model_->show(records_, std::move(rows));
    const auto bad = static_cast<int>(records_->data().bad.size());
    const QString records = all == 1 ? tr("1 record") : tr("%L1 records").arg(all);
    QString text = shown == all ? records : tr("%L1 of %2").arg(shown).arg(records);
    if (bad > 0) text += tr(", %L1 can't be used").arg(bad);
    count_->setText(text);
    if (const int row = model_->rowOf(openRecord_); row >= 0) table_->selectRow(row);
}

// ---- Records ----

void DatasetBrowser::showRecord(const QModelIndex& index) {
    if (!index.isValid()) return;
    wantedRecord_ = model_->record(index.row());
    Q_EMIT recordWanted();
    reader_->readSample(records_, wantedRecord_);
}

// Enter shows a record again too.
bool DatasetBrowser::eventFilter(QObject* watched, QEvent* event) {
    if (!isEnter(*event)) return QWidget::eventFilter(watched, event);
    showRecord(table_->currentIndex());
    return true;
}

void DatasetBrowser::openNeighbour(int by) {
    const QModelIndex current = table_->currentIndex();
    const int row = current.isValid() ? current.row() + by : 0;
    if (row < 0 || row >= model_->rowCount()) return;
    table_->selectRow(row);
    showRecord(model_->index(row, 0));
}

}  // namespace lvr
