#include "app/ask/export_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QStandardPaths>
#include <QVBoxLayout>
#include <span>

#include "core/files/atomic_file.h"
#include "core/trace/heat.h"
#include "widgets/entry_fields.h"
#include "widgets/job.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

constexpr auto kFolderKey = "export/folder";
constexpr int kPause = 200;  // ms after a letter until the file is looked for

QString firstFolder(const ExportStart& start) {
    const QString remembered = QSettings().value(kFolderKey).toString();
    if (!remembered.isEmpty() && QFileInfo(remembered).isDir()) return remembered;
    if (!start.folder.isEmpty()) return start.folder;
    return QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
}

QString asFileName(QString name) {
    for (QChar& c : name)
        if (c < ' ' || QString("/\\:*?\"<>|").contains(c)) c = '-';
    name = name.left(80).trimmed();
    return name.isEmpty() || name.startsWith('.') ? "answer" + name : name;
}

}  // namespace

ExportDialog::ExportDialog(std::shared_ptr<const Trace> trace, ExportStart start, QWidget* parent)
    : QDialog(parent),
      trace_(std::move(trace)),
      start_(std::move(start)),
      job_(new Job(this)),
      form_(new QFormLayout),
      what_(new QComboBox(this)),
      format_(new QComboBox(this)),
      scale_(new QComboBox(this)),
      milliseconds_(new QSpinBox(this)),
      caption_(new QCheckBox(tr("&Caption with question, answer, model and step"), this)),
      file_(new QLineEdit(this)),
      size_(new QLabel(this)),
      sentence_(new QLabel(this)),
      progress_(new QProgressBar(this)),
      export_(new QPushButton(tr("&Export"), this)),
      close_(new QPushButton(tr("Close"), this)) {
    start_.folder = firstFolder(start_);
    setWindowTitle(tr("Export answer"));
    build();
    offerWhats();
    offerFormats();
    suggestFile();
    fitToChoice();
    wire();
    export_->setFocus();
}

void ExportDialog::build() {
    what_->setAccessibleName(tr("What to export"));
    format_->setAccessibleName(tr("Format"));
    scale_->setAccessibleName(tr("Size of the figure"));
    for (const int factor : {1, 2, 4}) scale_->addItem(tr("%1×").arg(factor), factor);
    scale_->setCurrentIndex(1);
    milliseconds_->setRange(50, 10000);
    milliseconds_->setSingleStep(50);
    milliseconds_->setValue(700);
    milliseconds_->setSuffix(tr(" ms a step"));
    milliseconds_->setAccessibleName(tr("Time of a step in the animation"));
    caption_->setChecked(true);
    file_->setAccessibleName(tr("File to write"));
    file_->setMinimumWidth(380);
    sentence_->setWordWrap(true);
    sentence_->setAccessibleName(tr("State of the export"));
    progress_->setAccessibleName(tr("Progress of the export"));
    progress_->hide();
    auto* browse = new QPushButton(tr("&File…"), this);
    browse->setAccessibleName(tr("Choose the file to write"));
    browse->setAutoDefault(false);
    connect(browse, &QPushButton::clicked, this, &ExportDialog::chooseFile);
    auto* size = new QHBoxLayout;
    size->addWidget(scale_);
    size->addWidget(size_, 1);
    auto* file = new QHBoxLayout;
    file->addWidget(file_, 1);
    file->addWidget(browse);
    form_->addRow(tr("&What"), what_);
    form_->addRow(tr("F&ormat"), format_);
    auto* sizeLabel = new QLabel(tr("&Size"), this);
    sizeLabel->setBuddy(scale_);
    form_->addRow(sizeLabel, size);
    form_->addRow(tr("&Time"), milliseconds_);
    form_->addRow(QString(), caption_);
    form_->addRow(tr("File"), file);
    export_->setDefault(true);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(progress_, 1);
    buttons->addStretch();
    buttons->addWidget(export_);
    buttons->addWidget(close_);
    auto* column = new QVBoxLayout(this);
    column->addLayout(form_);
    column->addWidget(sentence_);
    column->addLayout(buttons);
}

void ExportDialog::offerWhats() {
    const auto steps = latentSteps(*trace_).size();
    const auto add = [this](const QString& text, What what) {
        what_->addItem(text, static_cast<int>(what));
    };
    if (start_.step >= 0)
        add(tr("Figure of latent step %1").arg(start_.step + 1), What::Step);
    else
        add(tr("Figure of the picture"), What::Step);
    if (steps > 0) {
        add(steps == 1 ? tr("Figure of the only step")
                       : tr("Figure of all %1 latent steps").arg(steps),
            What::AllSteps);
        add(tr("Animation of the latent steps"), What::Animation);
        add(tr("Table of the latent steps"), What::Table);
    }
    add(tr("Whole answer as data"), What::Whole);
}

void ExportDialog::wire() {
    connect(what_, &QComboBox::currentIndexChanged, this, [this] {
        offerFormats();
        suggestFile();
        fitToChoice();
    });
    connect(format_, &QComboBox::currentIndexChanged, this, [this] {
        suggestFile();
        fitToChoice();
    });
    connect(scale_, &QComboBox::currentIndexChanged, this, &ExportDialog::fitToChoice);
    connect(caption_, &QCheckBox::toggled, this, &ExportDialog::fitToChoice);
    typing_.setSingleShot(true);
    typing_.setInterval(kPause);
    connect(&typing_, &QTimer::timeout, this, &ExportDialog::fitToFile);
    connect(file_, &QLineEdit::textChanged, this, [this] {
        export_->setEnabled(!typedPath(file_).isEmpty());
        typing_.start();
    });
    connect(export_, &QPushButton::clicked, this, &ExportDialog::start);
    connect(close_, &QPushButton::clicked, this, &ExportDialog::reject);
}

// ---- What is chosen ----

ExportDialog::What ExportDialog::what() const {
    return static_cast<What>(what_->currentData().toInt());
}

ExportFormat ExportDialog::format() const {
    return static_cast<ExportFormat>(format_->currentData().toInt());
}

ExportChoice ExportDialog::choice() const {
    const bool animation = what() == What::Animation;
    return {.format = format(),
            .figure = {.picture = start_.picture,
                       .nearest = start_.nearest,
                       .step = start_.step,
                       .allSteps = what() == What::AllSteps,
                       .caption = caption_->isChecked(),
                       .scale = animation ? 1 : scale_->currentData().toInt(),
                       .small = animation},
            .milliseconds = milliseconds_->value()};
}

void ExportDialog::offerFormats() {
    const QSignalBlocker quiet(format_);
    format_->clear();
    const auto add = [this](const QString& text, ExportFormat format) {
        format_->addItem(text, static_cast<int>(format));
    };
    switch (what()) {
        case What::Step:
        case What::AllSteps:
            add(tr("PNG picture"), ExportFormat::Png);
            add(tr("SVG drawing"), ExportFormat::Svg);
            break;
        case What::Animation:
            add(tr("GIF, repeated for ever"), ExportFormat::Gif);
            break;
        case What::Table:
            add(tr("CSV"), ExportFormat::Csv);
            break;
        case What::Whole:
            add(tr("JSON, as lvr ask prints it"), ExportFormat::Json);
            break;
    }
    format_->setEnabled(format_->count() > 1);
}

void ExportDialog::suggestFile() {
    QString name = asFileName(start_.name);
    if (what() == What::Step && start_.step >= 0) name += tr("-step%1").arg(start_.step + 1);
    if (what() == What::AllSteps || what() == What::Animation || what() == What::Table)
        name += tr("-steps");
    const QString folder =
        file_->text().isEmpty() ? start_.folder : QFileInfo(typedPath(file_)).absolutePath();
    file_->setText(QDir::toNativeSeparators(folder + '/' + name + '.' + endingOf(format())));
}

void ExportDialog::fitToChoice() {
    const bool figure = what() == What::Step || what() == What::AllSteps;
    const bool animation = what() == What::Animation;
    form_->setRowVisible(2, figure && format() == ExportFormat::Png);
    form_->setRowVisible(3, animation);
    form_->setRowVisible(4, figure || animation);
    if (figure) {
        const QSize pixels = Figure(*trace_, choice().figure).pixels();
        size_->setText(tr("%1 × %2 pixels").arg(pixels.width()).arg(pixels.height()));
    }
    fitToFile();
}

void ExportDialog::fitToFile() {
    typing_.stop();
    const QFileInfo file(typedPath(file_));
    const bool replaces = file.isFile();
    export_->setText(replaces ? tr("&Replace") : tr("&Export"));
    export_->setEnabled(!typedPath(file_).isEmpty());
    say(replaces ? tr("%1 exists and will be replaced.").arg(file.fileName()) : QString());
}

void ExportDialog::chooseFile() {
    auto* dialog = new QFileDialog(this, tr("File to write"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setOption(QFileDialog::DontConfirmOverwrite);  // said in this dialog
    QStringList filters;
    for (const auto& format : formats())
        filters << QString("%1 (*.%2)").arg(format.name, format.ending);
    dialog->setDefaultSuffix(endingOf(format()));
    dialog->setNameFilters(filters);
    dialog->selectFile(typedPath(file_));
    connect(dialog, &QFileDialog::fileSelected, file_,
            [this](const QString& file) { file_->setText(QDir::toNativeSeparators(file)); });
    dialog->open();
}

// ---- Writing ----

// What can be written of what is chosen; that of `format_` first.
QList<SaveFormat> ExportDialog::formats() const {
    QList<SaveFormat> formats;
    for (int i = 0; i < format_->count(); ++i) {
        const auto format = static_cast<ExportFormat>(format_->itemData(i).toInt());
        const SaveFormat offered{endingOf(format), format_->itemText(i)};
        i == format_->currentIndex() ? formats.prepend(offered) : formats.append(offered);
    }
    return formats;
}

// The ending that was typed chooses the format. False: the file is there, which was not said yet.
bool ExportDialog::takeFile(const SaveTarget& target) {
    const bool isSaid = !typing_.isActive() && export_->text() == tr("&Replace");
    for (int i = 0; i < format_->count(); ++i) {
        const QSignalBlocker quiet(format_);
        if (endingOf(static_cast<ExportFormat>(format_->itemData(i).toInt())) == target.ending)
            format_->setCurrentIndex(i);
    }
    const bool isAsTyped = QFileInfo(typedPath(file_)).absoluteFilePath() == target.file;
    if (!isAsTyped) file_->setText(QDir::toNativeSeparators(target.file));
    fitToChoice();
    return (isSaid && isAsTyped) || !QFileInfo(target.file).isFile();
}

void ExportDialog::start() {
    const SaveTarget target = saveTarget(QFileInfo(typedPath(file_)).absoluteFilePath(), formats());
    if (!target.problem.isEmpty()) return say(target.problem);
    if (!takeFile(target)) return;  // it is asked about first
    const int frames =
        what() == What::Animation ? static_cast<int>(latentSteps(*trace_).size()) : 0;
    progress_->setRange(0, frames);
    progress_->setValue(0);
    say({});
    setWriting(true);
    const auto work = [this, trace = trace_, choice = choice(),
                       file = target.file](const Job::Turn& turn) {
        const auto onFrame = [this, &turn](int done) {
            turn.tell([this, done] { progress_->setValue(done); });
        };
        const QByteArray bytes = exportBytes(*trace, choice, onFrame, turn.stop);
        if (turn.stop.stop_requested()) return QString();
        writeFileAtomically(file.toStdU16String(),
                            {std::as_bytes(std::span(bytes.constData(), bytes.size()))});
        return file;
    };
    const auto failed = [this](const QString& sentence) {
        setWriting(false);
        say(sentence);
    };
    job_->replace(
        work, [this](const QString& file) { wrote(file); }, failed);
}

// Empty: stopped.
void ExportDialog::wrote(const QString& file) {
    setWriting(false);
    if (file.isEmpty()) return say(tr("Cancelled; nothing was written."));
    QSettings().setValue(kFolderKey, QFileInfo(file).absolutePath());
    Q_EMIT exported(file);
    accept();
}

void ExportDialog::setWriting(bool writing) {
    writing_ = writing;
    progress_->setVisible(writing);
    close_->setText(writing ? tr("Cancel") : tr("Close"));
    for (QWidget* widget :
         std::initializer_list<QWidget*>{what_, scale_, milliseconds_, caption_, file_, export_})
        widget->setEnabled(!writing);
    format_->setEnabled(!writing && format_->count() > 1);
}

void ExportDialog::reject() {
    if (writing_) return job_->requestStop();
    QDialog::reject();
}

void ExportDialog::say(const QString& sentence) { sentence_->setText(sentence); }

}  // namespace lvr
