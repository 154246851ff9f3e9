/* Code lists that several types share. A list of one type stands in that type's file. */
#include "catalogue/describe.h"

static const struct catalogue_code null_flavors[] = {
    {"MSK", "masked: known, and withheld for privacy or blinding"},
    {"UNK", "unknown: a proper value exists and is not known"},
    {"ASKU", "asked, but unknown"},
    {"NASK", "not asked"},
    {"NA", "not applicable: no proper value exists"},
    {"NI", "no information: nothing more can be said"},
    {0},
};
const struct catalogue_codes codes_null_flavor = {"Null flavour", "HL7 V3 NullFlavor, as ICH E2B(R3) uses it", null_flavors};

static const struct catalogue_code precisions[] = {
    {"year", "only the year is meant"},
    {"month", "year and month"},
    {"day", "the day"},
    {"hour", "the hour"},
    {"minute", "the minute"},
    {"second", "the second"},
    {"fraction", "all that stands there"},
    {0},
};
const struct catalogue_codes codes_precision = {"Precision", NULL, precisions};

static const struct catalogue_code roles[] = {
    {"investigator", "responsible for the trial at a site"},
    {"sub-investigator", "works under the investigator"},
    {"site-staff", "study nurse, coordinator, pharmacist of a site"},
    {"monitor", "checks the sites for the sponsor"},
    {"data-manager", "keeps and queries the data"},
    {"statistician", "analyses the data"},
    {"laboratory", "analyses specimens"},
    {"safety", "assesses and reports adverse events"},
    {"quality", "quality unit, also of a laboratory or depot"},
    {"qualified-person", "certifies batches (EU)"},
    {"production", "makes and packs"},
    {"logistics", "stores and ships"},
    {"regulatory", "deals with authorities"},
    {"sponsor", "any other person of the sponsor"},
    {"system", "no person: a computer system acted by itself"},
    {0},
};
const struct catalogue_codes codes_role = {"Role of a person", NULL, roles};

static const struct catalogue_code meanings[] = {
    {"author", "wrote it"},
    {"review", "has read and checked it"},
    {"approval", "approves it"},
    {"responsibility", "takes responsibility for it"},
    {"certification", "certifies that it is so"},
    {"release", "releases what it is about"},
    {0},
};
const struct catalogue_codes codes_meaning = {"Meaning of a signature", "21 CFR 11.50(a)(3)", meanings};

static const struct catalogue_code references[] = {
    {"protocol", "trial protocol or amendment"},
    {"agreement", "quality, data-transfer or safety agreement"},
    {"ethics-approval", "favourable opinion of an ethics committee"},
    {"authorisation", "decision of an authority"},
    {"contract", "contract or work order"},
    {"order", "order that this fulfils"},
    {"shipment", "shipment"},
    {"temperature-log", "readings of a logger"},
    {"excursion", "temperature excursion"},
    {"deviation", "deviation or non-conformance"},
    {"capa", "corrective and preventive action"},
    /* They name the true batch. */
    {"batch-certification", "certification of a batch by a qualified person", CONSIGN_LABEL_RESTRICTED},
    {"certificate-of-analysis", "certificate of analysis", CONSIGN_LABEL_RESTRICTED},
    {"specification", "specification"},
    {"method", "analytical method"},
    {"stability-report", "stability report"},
    {"adverse-event", "adverse event as the site or the clinical database knows it"},
    {"case", "individual case safety report"},
    {"dataset", "dataset"},
    {"metadata", "define.xml or the study's metadata version"},
    {"literature", "publication"},
    {"other", "named in the note"},
    {0},
};
const struct catalogue_codes codes_reference = {"Kind of a reference", NULL, references};
