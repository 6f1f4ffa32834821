#include "app/sources/record_dialog.h"

#include <QDateTime>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <QVBoxLayout>

#include "widgets/job.h"

namespace lvr {
namespace {

constexpr auto kRecordFile = "regions/record-file";

QString recordFile() {
    const QString remembered = QSettings().value(kRecordFile).toString();
    if (!remembered.isEmpty()) return remembered;
    return QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) + "/drawn.json";
}

QString regionsText(const NewRecord& record) {
    const auto count = record.sample.rois.size();
    if (count == 0)
        return QObject::tr("No regions are drawn: the record trains the answer, and no thought.");
    return count == 1 ? QObject::tr("1 region is the thought.")
                      : QObject::tr("%1 regions are the thought, in their order.").arg(count);
}

}  // namespace

RecordDialog::RecordDialog(NewRecord record, QWidget* parent)
    : QDialog(parent),
      record_(std::move(record)),
      job_(new Job(this)),
      file_(new QLineEdit(QDir::toNativeSeparators(recordFile()), this)),
      question_(new QLineEdit(QString::fromStdString(record_.sample.question.text), this)),
      answer_(new QLineEdit(QString::fromStdString(record_.sample.answer), this)),
      sentence_(new QLabel(this)),
      save_(new QPushButton(tr("&Append"), this)) {
    setWindowTitle(tr("Save as training record"));
    build();
}

void RecordDialog::build() {
    file_->setAccessibleName(tr("File of records"));
    file_->setMinimumWidth(380);
    question_->setAccessibleName(tr("Question of the record"));
    answer_->setAccessibleName(tr("Answer of the record"));
    answer_->setPlaceholderText(tr("What is right"));
    sentence_->setWordWrap(true);
    sentence_->setAccessibleName(tr("About the record"));
    auto* browse = new QPushButton(tr("&File…"), this);
    browse->setAutoDefault(false);
    auto* file = new QHBoxLayout;
    file->addWidget(file_, 1);
    file->addWidget(browse);
    auto* form = new QFormLayout;
    form->addRow(tr("&Question"), question_);
    form->addRow(tr("&Answer"), answer_);
    form->addRow(tr("File"), file);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    buttons->addButton(save_, QDialogButtonBox::AcceptRole);
    save_->setDefault(true);
    auto* column = new QVBoxLayout(this);
    column->addLayout(form);
    column->addWidget(sentence_);
    column->addWidget(buttons);
    say(regionsText(record_));
    connect(browse, &QPushButton::clicked, this, &RecordDialog::chooseFile);
    connect(save_, &QPushButton::clicked, this, &RecordDialog::save);
    connect(buttons, &QDialogButtonBox::rejected, this, &RecordDialog::reject);
    (record_.sample.answer.empty() ? static_cast<QWidget*>(answer_) : save_)->setFocus();
}

void RecordDialog::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("File of records"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setOption(QFileDialog::DontConfirmOverwrite);  // it grows
    dialog->setNameFilter(tr("LVR JSON (*.json)"));
    dialog->setDefaultSuffix("json");
    dialog->selectFile(file_->text());
    connect(dialog, &QFileDialog::fileSelected, file_,
            [this](const QString& file) { file_->setText(QDir::toNativeSeparators(file)); });
    dialog->open();
}

void RecordDialog::save() {
    const QString file =
        QFileInfo(QDir::fromNativeSeparators(file_->text().trimmed())).absoluteFilePath();
    if (file_->text().trimmed().isEmpty()) return say(tr("Name the file to append it to."));
    record_.sample.question.text = question_->text().trimmed().toStdString();
    record_.sample.answer = answer_->text().trimmed().toStdString();
    record_.sample.id = "drawn-" + std::to_string(QDateTime::currentMSecsSinceEpoch());
    save_->setEnabled(false);
    job_->replace([record = record_, file] { return appendRecord(record, file.toStdU16String()); },
                  [this, file](std::size_t records) {
                      QSettings().setValue(kRecordFile, file);
                      Q_EMIT saved(file, static_cast<int>(records));
                      accept();
                  },
                  [this](const QString& sentence) {
                      save_->setEnabled(true);
                      say(sentence);
                  });
}

void RecordDialog::say(const QString& sentence) { sentence_->setText(sentence); }

}  // namespace lvr
