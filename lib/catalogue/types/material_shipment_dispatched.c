#include "catalogue/types/material.h"
#include "consign/v1/material.pb-c.h"

static const struct catalogue_state states[] = {
    {"dispatched", "in_transit delivered lost refused", "packed, checked and handed over"},
    {"in_transit", "delivered lost refused", "on its way with the carrier"},
    {"delivered", "received lost refused", "handed over at its destination, by the carrier's word"},
    {"received", "", "the consignee has it, by its own word"},
    {"lost", "delivered", "nobody knows where it is"},
    {"refused", "", "not taken in: on its way back, as a shipment of its own"},
    {0},
};

/* ── parts of all material types ── */

static const struct catalogue_field item_fields[] = {
    {.name = "kit_number", .title = "Kit", .format = FORMAT_ID, .max_bytes = 60, .example = "\"K-100234\"",
	.help = "The number on the kit. Numbers must not run on within a treatment: who sees two kits could tell them apart."},
    {.name = "epc", .title = "EPC", .source = "EPCIS epcList", .format = FORMAT_EPC_OF_ONE, .example = "\"urn:epc:id:sgtin:9521321.000301.100234\"",
	.least_label = CONSIGN_LABEL_RESTRICTED,
	.help = "Of one thing, with its serial. It names the product, too, which can give the treatment away: a blinded shipment names kits by "
		"kit_number. A class with a lot in it belongs into epc_class."},
    {.name = "epc_class", .title = "EPC class", .source = "EPCIS quantityList.epcClass", .format = FORMAT_EPC,
	.least_label = CONSIGN_LABEL_RESTRICTED,
	.example = "\"urn:epc:class:lgtin:9521321.000301.BM-26-0417\"", .help = "Of a product or lot; it names the true lot."},
    {.name = "material", .title = "Material", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"ACM-0301 50 mg or placebo, 30 tablets\"",
	.help = "As its label names it, also where the label is blinded."},
    {.name = "blinded_lot", .title = "Blinded lot", .format = FORMAT_ID, .max_bytes = 60, .example = "\"BL-26-07\"",
	.help = "The lot on a blinded label: the same for every treatment."},
    {.name = "true_lot", .title = "True lot", .source = "CBV ilmd lotNumber", .format = FORMAT_ID, .max_bytes = 60,
	.least_label = CONSIGN_LABEL_RESTRICTED,
	.example = "\"BM-26-0417\"", .help = "The lot as it was made; it can give the treatment away."},
    {.name = "kit_type", .title = "Kit type", .format = FORMAT_LINE, .max_bytes = 100, .least_label = CONSIGN_LABEL_RESTRICTED,
	.example = "\"TYPE-2\"",
	.help = "The type in the supply system: kits of one type hold the same."},
    {.name = "treatment", .title = "Treatment", .format = FORMAT_LINE, .max_bytes = 200, .least_label = CONSIGN_LABEL_UNBLINDED,
	.example = "\"ACM-0301 50 mg\"", .help = "What is inside. Given only to those who are unblinded."},
    {.name = "expires_at", .title = "Expires", .source = "CBV ilmd itemExpirationDate", .format = FORMAT_PART, .part = &part_when,
	.least = PRECISION_MONTH, .example = "{\"text\": \"2027-08\"}"},
    {.name = "quantity", .title = "Quantity", .source = "EPCIS quantityList.quantity, uom", .format = FORMAT_PART, .part = &part_quantity,
	.lo = "0",
	.example = "{\"value\": \"1\", \"unit\": \"{kit}\"}", .help = "Absent: one thing where it has a number of its own, else not stated."},
    {.name = "remark", .title = "Remark", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"top of the box\""},
};
static const struct catalogue_rule item_rules[] = {
    {.id = "item.named", .says = "An item has a kit number, an EPC or a lot.", .kind = RULE_SOME,
	.paths = {"kit_number", "epc", "epc_class", "blinded_lot", "true_lot"}},
};
const struct catalogue_message part_material_item = {.descriptor = &consign__v1__material_item__descriptor, .title = "Item",
    .says = "A kit, a serialised thing, or a quantity of a lot. A kit number and a blinded lot may be seen by all; what is known beyond them "
	    "raises the label of the message.",
    .fields = item_fields, CATALOGUE_RULES(item_rules)};

static const struct catalogue_field place_fields[] = {
    {.name = "id", .title = "Id", .source = "EPCIS readPoint, bizLocation, location of sourceList and destinationList", .format = FORMAT_ID,
	.max_bytes = 200,
	.example = "\"urn:epc:id:sgln:9521321.00001.0\"", .help = "SGLN, GS1 Digital Link, GLN, or the company's own code."},
    {.name = "name", .title = "Name", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Biomake depot Basel\""},
    {.name = "org", .title = "Organisation", .format = FORMAT_ORG, .example = "\"biomake\""},
    {.name = "country", .title = "Country", .format = FORMAT_COUNTRY, .example = "\"CH\""},
    {.name = "address", .title = "Address", .format = FORMAT_LINE, .max_bytes = 400, .example = "\"Hafenstrasse 4, 4057 Basel\"",
	.help = "Of a company or clinic; never a participant's home."},
    {.name = "owner", .title = "Owner", .source = "EPCIS owning_party", .format = FORMAT_ID, .max_bytes = 200,
	.example = "\"urn:epc:id:pgln:9521321.00002\"", .help = "The party that owns what is there."},
    {.name = "holder", .title = "Holder", .source = "EPCIS possessing_party", .format = FORMAT_ID, .max_bytes = 200,
	.example = "\"urn:epc:id:pgln:9521321.00001\"", .help = "The party that has it in its hands."},
};
static const struct catalogue_rule place_rules[] = {
    {.id = "place.named", .says = "A place has an id, a name or a party.", .kind = RULE_SOME, .paths = {"id", "name", "org", "owner", "holder"}},
};
const struct catalogue_message part_material_place = {.descriptor = &consign__v1__material_place__descriptor, .title = "Place",
    .says = "Where something is, comes from or goes to, and who has it there.", .fields = place_fields, CATALOGUE_RULES(place_rules)};

static const struct catalogue_field document_fields[] = {
    {.name = "type", .title = "Type", .source = "EPCIS bizTransactionList.type", .format = FORMAT_LINE, .max_bytes = 100, .example = "\"desadv\"",
	.help = "In the words of GS1 CBV: po, desadv, inv, bol, recadv, pedigree …"},
    {.name = "id", .title = "Id", .source = "EPCIS bizTransactionList.bizTransaction", .need = MANDATORY, .format = FORMAT_LINE, .max_bytes = 300,
	.example = "\"urn:epcglobal:cbv:bt:9521321000011:DA-26-0311\""},
};
const struct catalogue_message part_material_document = {.descriptor = &consign__v1__material_document__descriptor, .title = "Business document",
    .says = "An order, despatch advice, invoice or other paper that the shipment belongs to.", .fields = document_fields};

/* ── the type ── */

static const struct catalogue_field fields[] = {
    CATALOGUE_EVENT_FIELD,
    {.name = "study_id", .title = "Study", .format = FORMAT_ID, .example = "\"ACME-301\"", .help = "Absent: for several studies, or none yet."},
    {.name = "site_id", .title = "Site", .format = FORMAT_ID, .example = "\"101\"", .help = "The site that it goes to."},
    {.name = "shipment_id", .title = "Shipment", .need = MANDATORY, .format = FORMAT_ID, .max_bytes = 200, .example = "\"SH-26-0311\"",
	.help = "The consignor's number: of the despatch advice, or the SSCC where it is one parcel. Receipt, log and excursion repeat it."},
    {.name = "sscc", .title = "Parcel", .source = "GS1 SSCC", .format = FORMAT_SSCC, .max_count = 100, .example = "\"095213210000047112\"",
	.help = "Each parcel of the shipment."},
    {.name = "order_no", .title = "Order", .source = "EPCIS bizTransaction po", .format = FORMAT_LINE, .max_bytes = 200,
	.example = "\"SO-301-0098\"",
	.help = "The order that it fulfils."},
    {.name = "documents", .title = "Document", .source = "EPCIS bizTransactionList", .format = FORMAT_PART, .part = &part_material_document,
	.max_count = 32},
    {.name = "epcis_event_id", .title = "EPCIS event", .source = "EPCIS eventID", .format = FORMAT_ID, .max_bytes = 200,
	.example = "\"urn:uuid:5b0ad2b4-5a0c-4f6e-9d1f-1f1f2a7c0311\"", .help = "The same event seen twice has the same id."},
    {.name = "items", .title = "Item", .source = "EPCIS epcList, quantityList", .need = MANDATORY, .format = FORMAT_PART,
	.part = &part_material_item,
	.max_count = MATERIAL_ITEMS_MAX},
    {.name = "ship_from", .title = "From", .source = "EPCIS sourceList, readPoint", .need = MANDATORY, .format = FORMAT_PART,
	.part = &part_material_place},
    {.name = "ship_to", .title = "To", .source = "EPCIS destinationList", .format = FORMAT_PART, .part = &part_material_place,
	.example = "{\"id\": \"urn:epc:id:sgln:9521321.00101.0\", \"name\": \"Site 101, pharmacy\", \"org\": \"sitecare\", \"country\": \"DE\"}"},
    {.name = "read_point", .title = "Scanned at", .source = "EPCIS readPoint", .format = FORMAT_PART, .part = &part_material_place,
	.example = "{\"id\": \"urn:epc:id:sgln:9521321.00001.7\", \"name\": \"dock 7\"}", .help = "The door or scanner, where that is known."},
    {.name = "carrier", .title = "Carrier", .format = FORMAT_LINE, .max_bytes = 200, .example = "\"Coldway Couriers\""},
    {.name = "awb", .title = "Waybill", .format = FORMAT_ID, .max_bytes = 100, .example = "\"020-12345675\"",
	.help = "Air waybill or the carrier's tracking number."},
    {.name = "storage_low", .title = "Keep above", MATERIAL_CEL("2")},
    {.name = "storage_high", .title = "Keep below", MATERIAL_CEL("8")},
    {.name = "logger_ids", .title = "Logger", .source = "EPCIS deviceID", .format = FORMAT_ID, .max_bytes = 200, .max_count = 64,
	.example = "\"TL-44710293\"", .help = "Loggers packed with it: each owes a temperature log."},
    {.name = "dispatched_at", .title = "Dispatched at", .source = "EPCIS eventTime, eventTimeZoneOffset", .need = MANDATORY,
	MATERIAL_TIME("2026-03-02T16:30:00+01:00"),
	.help = "When it left; the log must cover the time from here to receipt."},
    {.name = "expected_at", .title = "Expected", .format = FORMAT_PART, .part = &part_when, .least = PRECISION_DAY,
	.example = "{\"text\": \"2026-03-04T12:00:00+01:00\"}"},
    {.name = "delivered_at", .title = "Delivered at", MATERIAL_TIME("2026-03-04T10:12:00+01:00"), .help = "By the carrier's proof of delivery."},
    {.name = "certificates", .title = "Certificate of analysis", .format = FORMAT_PART, .part = &part_reference, .max_count = 64,
	.least_label = CONSIGN_LABEL_RESTRICTED, .example = "{\"kind\": \"certificate-of-analysis\", \"id\": \"COA-26-0417\", \"version\": \"1\"}",
	.help = "A certificate is of a true lot: its number leads there."},
    {.name = "certifications", .title = "Certified or released by", .format = FORMAT_PART, .part = &part_reference, .max_count = 64,
	.example = "{\"kind\": \"batch-certification\", \"id\": \"QPC-26-BL07\"}",
	.help = "The qualified person's certification or the release, by a number that is not the true lot's."},
};

static const struct catalogue_rule rules[] = {
    {.id = "material.shipment.dispatched.destination", .says = "A shipment says where it goes, or names the order that does.", .kind = RULE_SOME,
	.paths = {"ship_to", "order_no"}, .breaks = "{\"shipTo\": null, \"orderNo\": null}"},
    {.id = "material.shipment.dispatched.way", .says = "A shipment goes to another place than it comes from.", .kind = RULE_DIFFER,
	.paths = {"ship_from.id", "ship_to.id"}, .breaks = "{\"shipTo\": {\"id\": \"urn:epc:id:sgln:9521321.00001.0\"}}"},
    {.id = "material.shipment.dispatched.kits", .says = "A kit is in a shipment once.", .kind = RULE_UNIQUE, .paths = {"items", "kit_number"},
	.breaks = "{\"items\": [{\"kitNumber\": \"K-100234\"}, {\"kitNumber\": \"K-100234\"}]}"},
    {.id = "material.shipment.dispatched.epcs", .says = "A serialised thing is in a shipment once.", .kind = RULE_UNIQUE, .paths = {"items", "epc"},
	.breaks = "{\"items\": [{\"epc\": \"urn:epc:id:sgtin:9521321.000301.100234\"}, {\"epc\": \"urn:epc:id:sgtin:9521321.000301.100234\"}]}"},
    {.id = "material.shipment.dispatched.range", .says = "A storage range does not begin above its end.", .kind = RULE_ORDER,
	.paths = {"storage_low", "storage_high"}, .breaks = "{\"storageLow\": {\"value\": \"15\"}}"},
    {.id = "material.shipment.dispatched.expected", .says = "A shipment is not expected before it was dispatched.", .kind = RULE_ORDER,
	.paths = {"dispatched_at", "expected_at"}, .breaks = "{\"expectedAt\": {\"text\": \"2026-02-28T12:00:00+01:00\"}}"},
    {.id = "material.shipment.dispatched.delivery", .says = "A shipment is not delivered before it was dispatched.", .kind = RULE_ORDER,
	.paths = {"dispatched_at", "delivered_at"}, .breaks = "{\"deliveredAt\": {\"text\": \"2026-03-02T16:29:00+01:00\"}}"},
    {.id = "material.shipment.dispatched.delivered", .says = "A delivered shipment has the time of its delivery.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "delivered"}, .paths = {"delivered_at"},
	.breaks = "{\"event\": {\"state\": \"delivered\"}, \"deliveredAt\": null}"},
    {.id = "material.shipment.dispatched.not-delivered", .says = "What has a time of delivery is not on its way or lost.", .kind = RULE_VALUE,
	.when = {"delivered_at", TEST_PRESENT, NULL}, .paths = {"event.state"}, .values = "delivered|received|refused",
	.breaks = "{\"event\": {\"state\": \"in_transit\"}}"},
    {.id = "material.shipment.dispatched.reason", .says = "A shipment that is lost or refused says what happened.", .kind = RULE_REQUIRED,
	.when = {"event.state", TEST_IS, "lost|refused"}, .paths = {"event.reason"},
	.breaks = "{\"event\": {\"state\": \"refused\", \"reason\": null, \"supersedes\": null, \"voids\": null}}"},
};

const struct catalogue_type type_material_shipment_dispatched = {
    .name = "material.shipment.dispatched",
    .version = 1,
    .title = "Shipment dispatched",
    .says = "Kits, product or material left for another place: what, in which parcels, how it is kept on the way and which loggers are with it. "
	    "Sent to whoever gets it and to whoever keeps stock.",
    .standard = "GS1 EPCIS 2.0 ObjectEvent with bizStep shipping; HL7 FHIR SupplyDelivery; despatch advice",
    .producers = "depot cdmo cmo",
    .consumers = "site smo depot cdmo cmo lab sponsor irt",
    .least_label = CONSIGN_LABEL_OPEN,
    .label_why = "Kit numbers and blinded lots say nothing about treatment, so that a blinded shipment can go to a site. A true lot, an EPC, "
		 "a kit type or a certificate of analysis makes it at least restricted; the treatment makes it unblinded. An original that "
		 "names any of these is sent under the label that they need.",
    .clock = NULL,
    .states = states,
    .key = "shipment_id",
    .headline = "shipment_id order_no carrier awb dispatched_at expected_at",
    .message = {.descriptor = &consign__v1__material_shipment_dispatched__descriptor, .title = "Shipment dispatched",
	.fields = fields, CATALOGUE_RULES(rules)},
};
